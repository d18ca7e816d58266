"""What is left of a lead time for an order that has been open for a while."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import integrate, special

_Floats: TypeAlias = NDArray[np.float64]

#: Hazards, minus logarithms of what is left, at which pieces of the integral of the mean end.
_PIECES = (0.0, 1.0, 5.0, 20.0, 60.0, 200.0, 600.0)

#: Nodes and weights of Gauss and Legendre's rule on 0 to 1.
_NODES, _WEIGHTS = (
    0.5 * (part + shift)
    for part, shift in zip(np.polynomial.legendre.leggauss(16), (1.0, 0.0), strict=True)
)


@dataclasses.dataclass(frozen=True, eq=False)
class Remaining:
    """Distribution of T - e given T > e, with the methods of a frozen one of ``scipy.stats``.

    Attributes
    ----------
    distribution : frozen distribution
        Of the whole time T.
    elapsed : float or ndarray
        The time e that has passed.
    """

    distribution: Any
    elapsed: Any

    def logsf(self, x: ArrayLike) -> Any:
        """Logarithm of the probability of more than `x` from now on."""
        later = np.maximum(np.asarray(x, dtype=float), 0.0)
        if self._scale_and_shape() is not None:
            return np.where(np.isnan(later), np.nan, -self._hazard_since(later))[()]
        with np.errstate(divide="ignore"):
            return (self._whole("logsf", later) - self._log_left())[()]

    def sf(self, x: ArrayLike) -> Any:
        """Probability of more than `x` from now on."""
        return np.exp(self.logsf(x))

    def cdf(self, x: ArrayLike) -> Any:
        """Probability of at most `x` from now on."""
        return -np.expm1(self.logsf(x))

    def pdf(self, x: ArrayLike) -> Any:
        """Density at `x` from now on."""
        self._check_density()
        later = np.asarray(x, dtype=float)
        density = self._whole("logpdf", np.maximum(later, 0.0)) - self._log_left()
        return np.where(later < 0, 0.0, np.exp(density))[()]

    def isf(self, q: ArrayLike) -> Any:
        """Time from now on that is exceeded with probability `q`."""
        q = np.asarray(q, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._after(-np.log(q), q)

    def ppf(self, q: ArrayLike) -> Any:
        """Time from now on that is not exceeded with probability `q`."""
        q = np.asarray(q, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._after(-np.log1p(-q), 1.0 - q)

    def median(self) -> Any:
        """Time from now on that is as likely exceeded as not."""
        return self.ppf(0.5)

    def interval(self, confidence: float) -> tuple[Any, Any]:
        """Return the ends of the central interval of that probability."""
        tail = 0.5 * (1.0 - confidence)
        return self.ppf(tail), self.isf(tail)

    def support(self) -> tuple[Any, Any]:
        """Least and greatest time from now on."""
        low, high = self.distribution.support()
        return np.maximum(low - self.elapsed, 0.0)[()], np.subtract(high, self.elapsed)[()]

    def mean(self) -> Any:
        """Mean time from now on, to some nine digits; NaN if less than 1e-280 is left."""
        self._check_density()
        if not np.isfinite(self.distribution.mean()).all():
            return np.full(np.shape(self.isf(0.5)), np.inf)[()]
        if np.ndim(self.isf(0.5)) == 0:
            return self._mean()
        elapsed = np.asarray(self.elapsed, dtype=float)
        return np.array([Remaining(self.distribution, e)._mean() for e in elapsed.flat]).reshape(
            elapsed.shape
        )

    def rvs(self, size: int | tuple[int, ...] | None = None, random_state: Any = None) -> Any:
        """Draws of the time from now on."""
        shape = np.shape(self.isf(0.5)) if size is None else size
        return self.isf(1.0 - np.random.default_rng(random_state).random(shape))

    def _check_density(self) -> None:
        if not hasattr(self.distribution, "pdf"):
            msg = f"the distribution must have a density for this, got {self.distribution!r:.80}"
            raise TypeError(msg)

    def _mean(self) -> float:
        """Integrate the quantile function over minus the logarithm of what is left.

        So a tail that falls by a power of time falls exponentially; what it holds beyond the last
        piece follows from its slope there.
        """

        def part(hazard: float) -> float:
            return float(self._after(np.asarray(hazard), np.exp(-hazard))) * math.exp(-hazard)

        last = _PIECES[-1]
        if self._scale_and_shape() is None:
            # Where the whole distribution's own share runs out.
            last = min(last, 690.0 + float(self._log_left()))
        if last < 40:
            return math.nan
        ends = [piece for piece in _PIECES if piece < last] + [last]
        total = 0.0
        for low, high in itertools.pairwise(ends):
            total += integrate.quad(part, low, high, epsabs=1e-10 * total, epsrel=1e-10, limit=400)[
                0
            ]
        fall = math.log(part(last - 1.0) / part(last))
        return float(total + part(last) / fall)

    def _whole(self, method: str, x: _Floats) -> _Floats:
        values: _Floats = getattr(self.distribution, method)(np.add(self.elapsed, x))
        return values

    def _log_left(self) -> _Floats:
        values: _Floats = np.asarray(self.distribution.logsf(self.elapsed))
        return values

    def _scale_and_shape(self) -> tuple[str, Any, Any] | None:
        """Return name, shape and scale of the families whose hazard is simple, at location 0."""
        name = getattr(getattr(self.distribution, "dist", None), "name", "")
        if name not in ("weibull_min", "fisk", "lognorm", "expon"):
            return None
        shapes, loc, scale = self.distribution.dist._parse_args(
            *self.distribution.args, **self.distribution.kwds
        )
        return (name, shapes[0] if shapes else 1.0, scale) if np.all(np.equal(loc, 0)) else None

    def _hazard_since(self, x: _Floats) -> _Floats:
        """Return minus the logarithm of the share left after `x` more, exact far out as well."""
        family = self._scale_and_shape()
        assert family is not None  # noqa: S101 - for the type checker
        name, shape, scale = family
        e = np.asarray(self.elapsed, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            if name == "lognorm":
                begin = np.log(e / scale) / shape
                width = np.where(e > 0, np.log1p(x / e) / shape, np.inf)
                values: _Floats = np.where(
                    width < 1,
                    _normal_hazard_over(begin, np.minimum(width, 1.0)),
                    special.log_ndtr(-begin) - special.log_ndtr(-np.log((e + x) / scale) / shape),
                )
                return values
            power = (e / scale) ** shape
            # (1 + x/e)^shape - 1; from e = 0 on, the whole power.
            rise = np.where(e > 0, power * np.expm1(shape * np.log1p(x / e)), (x / scale) ** shape)
            if name == "fisk":
                return np.where(np.isinf(rise), np.inf, np.log1p(rise / (1.0 + power)))
            return np.where(np.isnan(rise), np.inf, rise)

    @np.errstate(divide="ignore", invalid="ignore")
    def _after(self, hazard: _Floats, q: _Floats) -> Any:
        """Return the time from now on at which `hazard`, minus the log of `q`, has gathered."""
        family = self._scale_and_shape()
        out = ~((q >= 0) & (q <= 1))
        if family is None:
            return np.where(out, np.nan, self._by_inversion(q, -np.expm1(-hazard)))[()]
        name, shape, scale = family
        e = np.asarray(self.elapsed, dtype=float)
        if name == "expon":
            return np.where(out, np.nan, scale * hazard + 0.0 * e)[()]
        if name == "lognorm":
            begin = np.log(e / scale) / shape
            z = -special.ndtri_exp(special.log_ndtr(-begin) - hazard)
            width = _normal_width(begin, z - begin, hazard)
            rest = np.where(e > 0, e * np.expm1(shape * width), scale * np.exp(shape * z))
            return np.where(out, np.nan, np.where(hazard == 0, 0.0, rest))[()]
        power = (e / scale) ** shape
        # What the power has to rise by, as a part of itself.
        gained = hazard if name == "weibull_min" else np.expm1(hazard) * (1.0 + power)
        rest = np.where(
            e > 0, e * np.expm1(np.log1p(gained / power) / shape), scale * gained ** (1.0 / shape)
        )
        return np.where(out, np.nan, rest)[()]

    def _by_inversion(self, q: _Floats, p: _Floats) -> _Floats:
        """Return quantiles through those of the whole time: q above, p below."""
        left, gone = self.distribution.sf(self.elapsed), self.distribution.cdf(self.elapsed)
        low, high = gone + p * left, q * left
        whole = np.where(low < 0.5, self.distribution.ppf(low), self.distribution.isf(high))
        rest: _Floats = np.maximum(whole - self.elapsed, 0.0)
        return rest


def _normal_hazard_over(begin: _Floats, width: _Floats) -> _Floats:
    """Integrate the standard normal hazard from `begin` over a `width` of at most 1."""
    places = begin[..., np.newaxis] + width[..., np.newaxis] * _NODES
    values: _Floats = width * (_normal_hazard(places) @ _WEIGHTS)
    return values


def _normal_hazard(z: _Floats) -> _Floats:
    values: _Floats = math.sqrt(2 / math.pi) / special.erfcx(z / math.sqrt(2))
    return values


def _normal_width(begin: _Floats, width: _Floats, hazard: _Floats) -> _Floats:
    """Return the width over which `hazard` gathers; the one given may be a rounded difference."""
    begin, width, hazard = np.broadcast_arrays(begin, width, hazard)
    # Newton's method, where the difference is small against its ends.
    near = (begin > -37) & (width < 0.9)
    better = np.clip(np.where(near, width, 0.0), 0.0, 1.0)
    for _ in range(4):
        off = _normal_hazard_over(begin, better) - hazard
        better = np.clip(better - off / _normal_hazard(begin + better), 0.0, 1.0)
    return np.where(near, better, width)


def remaining(distribution: Any, elapsed: ArrayLike) -> Remaining:
    r"""Distribution of what is left of a lead time for an order already open so long.

    .. math:: P(T - e > t \mid T > e) = \frac{S(e + t)}{S(e)}

    Parameters
    ----------
    distribution : frozen distribution
        Of the whole lead time (weeks, or any one unit): any of ``scipy.stats``, such as
        ``fit(...).distribution``.
    elapsed : array_like, any shape
        Time since the order, in that unit (weeks); at least 0.

    Returns
    -------
    Remaining
        With methods ``ppf``, ``isf``, ``cdf``, ``sf``, ``logsf``, ``pdf``, ``mean``, ``median``,
        ``interval``, ``support`` and ``rvs``, in the shape of `elapsed`. For a single order it is
        an input of a study. For Weibull, log-normal, log-logistic and exponential distributions at
        location 0 it is as exact far out in the tail as near the start; for others as far as the
        distribution's own ``sf`` and ``isf`` are.

    Raises
    ------
    ValueError
        If `elapsed` is negative or not finite, or the distribution leaves no probability of lasting
        so long.
    TypeError
        If `distribution` lacks one of the methods that are used.

    Notes
    -----
    Source: definition of a conditional probability.

    Examples
    --------
    >>> import overbuild as ob
    >>> from scipy import stats
    >>> lead_time = stats.weibull_min(3.0, scale=60.0)     # weeks
    >>> left = ob.leadtime.remaining(lead_time, 52.0)
    >>> round(float(lead_time.median()), 2), round(float(left.median()), 2)
    (53.1, 14.22)
    >>> round(float(left.cdf(26.0)), 4)
    0.7869
    """
    needed = ("ppf", "isf", "cdf", "sf", "logsf", "support", "mean")
    missing = [name for name in needed if not callable(getattr(distribution, name, None))]
    if missing or isinstance(distribution, type) or not _is_frozen(distribution):
        msg = (
            f"distribution must be a frozen distribution of scipy.stats, got {distribution!r:.80}"
            + (f" without {', '.join(missing)}" if missing else "")
        )
        raise TypeError(msg)
    try:
        time = np.asarray(elapsed, dtype=float)
    except (TypeError, ValueError) as error:
        msg = f"elapsed must be a number or an array of numbers, got {elapsed!r:.80}"
        raise TypeError(msg) from error
    if not ((time >= 0) & (time < np.inf)).all():
        msg = f"elapsed must be at least 0 and finite, got {elapsed!r:.80}"
        raise ValueError(msg)
    single = time[()] if time.ndim else float(time)
    median = np.asarray(distribution.ppf(0.5))
    if median.ndim or not np.isfinite(median):
        msg = f"distribution must be one with possible parameters, its median is {median}"
        raise ValueError(msg)
    found = Remaining(distribution, single)
    with np.errstate(divide="ignore"):
        nothing = ~(found._log_left() > -np.inf)
    if found._scale_and_shape() is None and nothing.any():
        worst = float(np.max(time))
        msg = f"elapsed: the distribution leaves no probability of lasting beyond {worst:g}"
        raise ValueError(msg)
    return found


def _is_frozen(distribution: Any) -> bool:
    """Whether its methods take no parameters; scipy's own unfrozen ones have a ``freeze``."""
    return not hasattr(distribution, "freeze")
