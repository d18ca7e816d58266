"""Bounds: truncated distributions, which leave out what is beyond, and clipped ones.

A clipped one moves what is beyond onto the bound, so the bound has a probability of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from overbuild.study.distributions.composite import Composite, key_of
from overbuild.study.distributions.discrete import Discrete, Polygon
from overbuild.study.distributions.laws import Floats, Foreign, Law
from overbuild.study.distributions.mixtures import Mixture
from overbuild.study.distributions.moments import lattice_mean_and_variance, mean_and_variance
from overbuild.study.distributions.parts import (
    as_bounds,
    as_law,
    bounds_text,
    cdf_before,
    sf_before,
)

#: A range with less than this part of the probability around it is too narrow to resolve.
_LEAST_PART = 1e-7


def truncated(distribution: Any, low: float | None = None, high: float | None = None) -> Composite:
    r"""Distribution given that the value lies from `low` to `high`: no mass on a bound.

    What lies beyond is left out, and the rest takes its probability:

    .. math:: F(x \mid l \le X \le h) = \frac{F(x) - F(l)}{F(h) - F(l)}

    To move values beyond onto the bound instead, see :func:`clipped`.

    Parameters
    ----------
    distribution : distribution
        The whole, of any make with a ``cdf``.
    low, high : float, optional
        Ends of the range, in the input's unit, themselves included; at least one.

    Returns
    -------
    distribution
        With the methods of a frozen ``scipy.stats`` one; a density if the whole has one.

    Raises
    ------
    ValueError
        If there is no bound, `low` is not below `high`, or next to no probability lies between.
    TypeError
        If `distribution` is none, or has no ``cdf``, or a bound is no number.

    Notes
    -----
    Source: definition. Mean and variance are found by quadrature.

    Examples
    --------
    >>> import overbuild as ob
    >>> share = ob.truncated(ob.between(0.6, 1.1, kind="normal"), high=1.0)
    >>> share.ppf([0.05, 0.5, 0.95]).round(3)
    array([0.587, 0.819, 0.976])
    """
    whole = as_law("distribution", distribution)
    bounds = as_bounds(low, high)
    mass, around = _mass(whole, *bounds)
    if mass <= _LEAST_PART * around:
        ends = " to ".join(f"{end:.6g}" for end in whole.support())
        msg = (
            f"low = {low} and high = {high} leave a probability of {max(mass, 0.0):.3g}; "
            f"{whole!r} runs from {ends}"
        )
        raise ValueError(msg)
    return truncated_law(whole, *bounds)


def clipped(distribution: Any, low: float | None = None, high: float | None = None) -> Clipped:
    r"""Distribution with values beyond `low` and `high` moved onto them: mass on the bounds.

    A draw is :math:`\min(\max(X, l), h)`. To leave out what lies beyond instead, see
    :func:`truncated`.

    Parameters
    ----------
    distribution : distribution
        What is to be clipped, of any make with a ``cdf``.
    low, high : float, optional
        Bounds, in the input's unit; at least one.

    Returns
    -------
    distribution
        With the methods of a frozen ``scipy.stats`` one; a density only where nothing lies
        beyond the bounds.

    Raises
    ------
    ValueError
        If there is no bound, `low` is not below `high`, or all values would come to be one.
    TypeError
        If `distribution` is none, or has no ``cdf``, or a bound is no number.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> share = ob.clipped(ob.between(0.6, 1.1, kind="normal"), high=1.0)
    >>> share.ppf([0.05, 0.5, 0.95]).round(3)
    array([0.6 , 0.85, 1.  ])
    """
    whole = as_law("distribution", distribution)
    bounds = as_bounds(low, high)
    for bound, at_least in zip(
        bounds, (whole.cdf(bounds[0]), sf_before(whole, bounds[1])), strict=True
    ):
        if at_least == 1 and math.isfinite(bound):
            ends = " to ".join(f"{end:.6g}" for end in whole.support())
            msg = (
                f"low = {low} and high = {high} leave nothing but {bound:.6g}; "
                f"{whole!r} runs from {ends}"
            )
            raise ValueError(msg)
    return Clipped(whole, *bounds)


def truncated_law(law: Law, low: float, high: float) -> Composite:
    """Return the truncated distribution in the form that is exact for its kind."""
    match law:
        case Discrete() | Polygon():
            return law.within(low, high)
        case Mixture():
            kept = [(one, weight * _mass(one, low, high)[0]) for one, weight in law.parts()]
            laws = [truncated_law(one, low, high) for one, weight in kept if weight > 0]
            return Mixture(laws, np.array([weight for _, weight in kept if weight > 0]))
        case Clipped():
            return truncated_law(law.as_mixture(), low, high)
        case Truncated():
            return Truncated(law.law, max(low, law.bounds[0]), min(high, law.bounds[1]))
        case Foreign():
            return Truncated(law, low, high)
    raise AssertionError(law)


def _mass(law: Law, low: float, high: float) -> tuple[float, float]:
    """Return the probability of a range, and that of the tail it was computed from."""
    below, up_to = cdf_before(law, low), float(law.cdf(high))
    if below < 0.5:
        return up_to - below, up_to
    from_low = sf_before(law, low)
    return from_low - float(law.sf(high)), from_low


class Truncated(Composite):
    """A distribution given that its value lies in a range."""

    def __init__(self, law: Foreign, low: float, high: float) -> None:
        self.law, self.bounds = law, (low, high)
        ends = law.support()
        self._ends = max(low, ends[0]), min(high, ends[1])
        if law.on_a_lattice:
            origin = next(filter(math.isfinite, ends), 0.0)
            self._ends = (
                math.ceil(self._ends[0] - origin) + origin if low > ends[0] else ends[0],
                math.floor(self._ends[1] - origin) + origin if high < ends[1] else ends[1],
            )
        # What is left out at either side, and all but that.
        self._cut_low, self._from_low = cdf_before(law, low), sf_before(law, low)
        self._to_high, self._cut_high = float(law.cdf(high)), float(law.sf(high))
        self.mass = _mass(law, low, high)[0]

    @property
    def has_density(self) -> bool:
        """Whether the whole has one."""
        return self.law.has_density

    def support(self) -> tuple[float, float]:
        """Return the least and the greatest value."""
        return self._ends

    def mean(self) -> float:
        """Return the mean, by quadrature."""
        return self._moments()[0]

    def var(self) -> float:
        """Return the variance, by quadrature."""
        return self._moments()[1]

    def _moments(self) -> tuple[float, float]:
        return (lattice_mean_and_variance if self.law.on_a_lattice else mean_and_variance)(self)

    def _below(self, tail: Floats) -> Floats:
        return self._at(tail, 1.0 - tail)

    def _above(self, tail: Floats) -> Floats:
        return self._at(1.0 - tail, tail)

    def _at(self, below: Floats, above: Floats) -> Floats:
        """Return quantiles by whichever tail of the whole is the smaller."""
        lower = self._cut_low + below * self.mass
        upper = self._cut_high + above * self.mass
        from_low = lower <= 0.5
        found = np.empty(below.shape)
        found[from_low] = self.law.ppf(lower[from_low])
        found[~from_low] = self.law.isf(upper[~from_low])
        return found.clip(*self._ends)

    def _cdf(self, x: Floats) -> Floats:
        if self._cut_low < 0.5:
            part = self.law.cdf(x) - self._cut_low
        else:
            part = self._from_low - self.law.sf(x)
        return self._share(part, x >= self.bounds[0], x >= self.bounds[1])

    def _sf(self, x: Floats) -> Floats:
        if self._to_high <= 0.5:
            part = self._to_high - self.law.cdf(x)
        else:
            part = self.law.sf(x) - self._cut_high
        return self._share(part, x < self.bounds[1], x < self.bounds[0])

    def _share(self, part: Floats, some: Any, everything: Any) -> Floats:
        shares: Floats = np.where(everything, 1.0, np.where(some, part / self.mass, 0.0))
        return shares.clip(0.0, 1.0)

    def _pdf(self, x: Floats) -> Floats:
        inside = (x >= self.bounds[0]) & (x <= self.bounds[1])
        return np.where(inside, self.law.pdf(x) / self.mass, 0.0)

    def _key(self) -> tuple[Any, ...]:
        return key_of(self.law), self.bounds

    def __repr__(self) -> str:
        return f"truncated({self.law!r}{bounds_text(*self.bounds)})"


class Clipped(Composite):
    """A distribution with all values beyond a bound moved onto it."""

    def __init__(self, law: Law, low: float, high: float) -> None:
        self.law, self.bounds = law, (low, high)
        self._at_bounds = float(law.cdf(low)), sf_before(law, high)

    @property
    def has_density(self) -> bool:
        """Whether the whole has one and no value lies beyond the bounds."""
        return self.law.has_density and self._at_bounds == (0.0, 0.0)

    def support(self) -> tuple[float, float]:
        """Return the least and the greatest value."""
        low, high = np.clip(self.law.support(), *self.bounds)
        return float(low), float(high)

    def mean(self) -> float:
        """Return the mean: of the bounds and of what lies between."""
        return self.as_mixture().mean()

    def var(self) -> float:
        """Return the variance: of the bounds and of what lies between."""
        return self.as_mixture().var()

    def as_mixture(self) -> Mixture:
        """Return it as a mixture of the bounds and of the whole truncated to between them."""
        laws, weights = zip(*self._as_parts(), strict=True)
        return Mixture(laws, np.array(weights))

    def _as_parts(self) -> Iterator[tuple[Law, float]]:
        for bound, weight in zip(self.bounds, self._at_bounds, strict=True):
            if weight > 0:
                yield Discrete(np.array([bound]), np.ones(1)), weight
        low, high = self.bounds
        inner = (
            low if math.isinf(low) else float(np.nextafter(low, math.inf)),
            high if math.isinf(high) else float(np.nextafter(high, -math.inf)),
        )
        inside = _mass(self.law, *inner)[0]
        if inside > 0:
            yield truncated_law(self.law, *inner), inside

    def _below(self, tail: Floats) -> Floats:
        return np.asarray(self.law.ppf(tail)).clip(*self.bounds)

    def _above(self, tail: Floats) -> Floats:
        return np.asarray(self.law.isf(tail)).clip(*self.bounds)

    def _cdf(self, x: Floats) -> Floats:
        low, high = self.bounds
        return np.where(x < low, 0.0, np.where(x >= high, 1.0, self.law.cdf(x)))

    def _sf(self, x: Floats) -> Floats:
        low, high = self.bounds
        return np.where(x < low, 1.0, np.where(x >= high, 0.0, self.law.sf(x)))

    def _pdf(self, x: Floats) -> Floats:
        return np.asarray(self.law.pdf(x))

    def _key(self) -> tuple[Any, ...]:
        return key_of(self.law), self.bounds

    def __repr__(self) -> str:
        return f"clipped({self.law!r}{bounds_text(*self.bounds)})"
