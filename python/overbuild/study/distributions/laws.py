"""Distributions of any make, under one set of names: those of ``scipy.stats`` as it always was.

A distribution is what has a quantile function: a frozen one of ``scipy.stats`` (``ppf`` and
``isf``), one of its newer kind (``icdf`` and ``iccdf``), or one of our own composites.
"""

from __future__ import annotations

import copyreg
import functools
import math
import numbers
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats: TypeAlias = NDArray[np.float64]


def _normal_again(distribution: stats.Normal) -> tuple[Any, tuple[()]]:
    parameters = {"mu": distribution.mu, "sigma": distribution.sigma}
    return functools.partial(stats.Normal, **parameters), ()


# On its own scipy (1.17) unpickles every `Normal` as the standard one, without a word.
copyreg.pickle(stats.Normal, _normal_again)

#: Names of the lower and upper quantile function, in the older and the newer interface.
_QUANTILES = (("ppf", "isf"), ("icdf", "iccdf"))

#: Probabilities at which a distribution is looked at before it is taken.
_LOOK = np.array([0.01, 0.25, 0.5, 0.75, 0.99])

#: So many whole numbers scipy can sum over again and again.
_FAR = 1e6


class Law(Protocol):
    """What a composite needs to know of its parts; arrays in, arrays out."""

    def ppf(self, q: Any) -> Any:
        """Return values with that probability below."""

    def isf(self, q: Any) -> Any:
        """Return values with that probability above."""

    def cdf(self, x: Any) -> Any:
        """Return probabilities of a value of at most `x`."""

    def sf(self, x: Any) -> Any:
        """Return probabilities of a value above `x`."""

    def pdf(self, x: Any) -> Any:
        """Return densities."""

    def support(self) -> tuple[float, float]:
        """Return the least and the greatest value."""

    def mean(self) -> float:
        """Return the mean."""

    def var(self) -> float:
        """Return the variance."""

    @property
    def has_density(self) -> bool:
        """Whether no single value has a probability of its own."""


def quantile_functions(value: Any) -> tuple[Any, Any] | None:
    """Functions from a tail probability to the value with it below, and above; None if none."""
    if isinstance(value, type | np.ndarray):
        return None
    for lower, upper in _QUANTILES:
        if hasattr(value, lower):
            below = getattr(value, lower)
            return below, getattr(value, upper, None) or (lambda tail, below=below: below(1 - tail))
    return None


def is_distribution(value: Any) -> bool:
    """Whether the value is a distribution, with all of its parameters."""
    return quantile_functions(value) is not None and not is_family(value)


def is_family(value: Any) -> bool:
    """Whether the value is a family of ``scipy.stats`` that still lacks its parameters."""
    if isinstance(value, type):
        return any(hasattr(value, name) for name, _ in _QUANTILES)
    families = stats.rv_continuous | stats.rv_discrete
    return isinstance(value, families) and not (_is_histogram(value) or _is_table(value))


def _is_histogram(family: Any) -> bool:
    return isinstance(family, stats.rv_histogram)


def _is_table(family: Any) -> bool:
    """Whether it is what ``stats.rv_discrete(values=...)`` makes."""
    return isinstance(family, stats.rv_discrete) and hasattr(family, "xk")


def table_of(distribution: Any) -> tuple[Floats, Floats] | None:
    """Values and probabilities of what ``stats.rv_discrete(values=...)`` made; None for others.

    Only such a discrete distribution of scipy has values that are not whole numbers apart.
    """
    family = getattr(distribution, "dist", distribution)
    if not _is_table(family):
        return None
    values = np.asarray(family.xk, dtype=float)
    return values + (distribution.support()[0] - values.min()), np.asarray(family.pk, dtype=float)


def fault(distribution: Any) -> str | None:
    """Say what makes it impossible to draw from a distribution; None if nothing does."""
    functions = quantile_functions(distribution)
    if functions is None:
        return f"{type(distribution).__name__} has no quantile function (ppf)"
    if (least := _least_tail(distribution)) > 1.0 - _LOOK[-1]:
        return (
            f"a probability of at least {least:.2g} lies beyond {_FAR:,.0f} whole numbers, too far "
            "for scipy to find quantiles; use a continuous distribution"
        )
    shape = np.shape(_quietly(functions[0], 0.5))
    if shape:
        return (
            f"a distribution with parameters of shape {shape}; give one with single numbers, or "
            "a list of such, as in [stats.norm(loc=1), stats.norm(loc=2)]"
        )
    found = [float(_quietly(functions[0], p)) for p in _LOOK]
    if not all(map(math.isfinite, found)):
        wrong = next(k for k, x in enumerate(found) if not math.isfinite(x))
        where = "median" if wrong == 2 else f"quantile at {_LOOK[wrong]:g}"
        return (
            f"an impossible distribution; its {where} is {found[wrong]}: a parameter is not "
            "finite, or out of its range, such as a scale of 0"
        )
    if found != sorted(found):
        return f"an impossible distribution; its quantiles at {_LOOK.tolist()} fall: {found}"
    return None


def is_searched(distribution: Any) -> bool:
    """Whether scipy finds quantiles on whole numbers one sum after another, which may never end."""
    family = getattr(distribution, "dist", None)
    return isinstance(family, stats.rv_discrete) and type(family)._ppf is stats.rv_discrete._ppf


def _least_tail(distribution: Any) -> float:
    """Return what at least lies far out, if probabilities fall there; 0 if scipy need not sum."""
    family: Any = type(getattr(distribution, "dist", None))
    if not is_searched(distribution) or family._cdf is not stats.rv_discrete._cdf:
        return 0.0
    if any(map(np.ndim, (*distribution.args, *distribution.kwds.values()))):
        return 0.0
    edges = _FAR * 2.0 ** np.arange(60)
    return float(np.diff(edges) @ _quietly(distribution.pmf, edges[1:]))


class Foreign:
    """A distribution of scipy or of someone else, under the names of :class:`Law`."""

    def __init__(self, distribution: Any) -> None:
        self.distribution = distribution

    def ppf(self, q: Any) -> Any:
        """Return values with that probability below."""
        functions = quantile_functions(self.distribution)
        assert functions is not None  # noqa: S101 - `law` has looked
        return _quietly(functions[0], q)

    def isf(self, q: Any) -> Any:
        """Return values with that probability above."""
        functions = quantile_functions(self.distribution)
        assert functions is not None  # noqa: S101 - `law` has looked
        return _quietly(functions[1], q)

    def cdf(self, x: Any) -> Any:
        """Return probabilities of a value of at most `x`."""
        return _quietly(self.distribution.cdf, self._onto_lattice(x))

    def sf(self, x: Any) -> Any:
        """Return probabilities of a value above `x`."""
        upper = self._method("sf", "ccdf")
        return 1.0 - self.cdf(x) if upper is None else _quietly(upper, self._onto_lattice(x))

    def pdf(self, x: Any) -> Any:
        """Return densities."""
        return _quietly(self.distribution.pdf, x)

    def support(self) -> tuple[float, float]:
        """Return the least and the greatest value."""
        known = self._method("support")
        low, high = known() if known else (self.ppf(0.0), self.isf(0.0))
        return float(low), float(high)

    def mean(self) -> float:
        """Return the mean."""
        return float(_quietly(self._moment("mean")))

    def var(self) -> float:
        """Return the variance."""
        return float(_quietly(self._moment("var", "variance")))

    @property
    def has_density(self) -> bool:
        """Whether no single value has a probability of its own."""
        return hasattr(self.distribution, "pdf") and not self.on_a_lattice

    def _onto_lattice(self, x: Any) -> Any:
        """Return the values that count: scipy (1.17) interpolates its newer discrete ones."""
        newer = hasattr(self.distribution, "icdf")
        return np.floor(x) if newer and self.on_a_lattice else x

    @functools.cached_property
    def on_a_lattice(self) -> bool:
        """Whether values are whole numbers apart, as in all discrete ones of scipy."""
        mass = self._method("pmf")
        return mass is not None and bool(_quietly(mass, self.ppf(0.5)) > 0)

    @property
    def key(self) -> Any:
        """What is equal for equal distributions, as far as that can be told."""
        dist = getattr(self.distribution, "dist", None)
        module = type(dist).__module__
        if module not in ("scipy.stats._continuous_distns", "scipy.stats._discrete_distns"):
            return self.distribution
        if _is_histogram(dist):  # its bins are no parameters
            return self.distribution
        given = self.distribution
        return type(dist), tuple(given.args), tuple(sorted(given.kwds.items()))

    def __repr__(self) -> str:
        return describe(self.distribution)

    def _method(self, *names: str) -> Callable[..., Any] | None:
        for name in names:
            if hasattr(self.distribution, name):
                method: Callable[..., Any] = getattr(self.distribution, name)
                return method
        return None

    def _moment(self, *names: str) -> Callable[..., Any]:
        found = self._method(*names)
        if found is None:
            msg = f"{type(self.distribution).__name__} has no {names[0]}"
            raise TypeError(msg)
        return found


def describe(distribution: Any) -> str:
    """Return a distribution as a person would write it, such as ``norm(loc=2, scale=0.5)``."""
    if is_family(distribution):
        return str(getattr(distribution, "name", None) or distribution.__name__)
    if hasattr(distribution, "dist") and hasattr(distribution, "kwds"):
        given = [*map(_number, distribution.args)]
        given += [f"{name}={_number(value)}" for name, value in distribution.kwds.items()]
        return f"{distribution.dist.name}({', '.join(given)})"
    return repr(distribution)


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, numbers.Real) else repr(value)


def _quietly(function: Callable[..., Any], *given: Any) -> Any:
    with np.errstate(all="ignore"):
        return function(*given)
