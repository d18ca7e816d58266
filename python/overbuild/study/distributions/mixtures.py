"""Mixtures: one of several distributions, each with its probability."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from overbuild.study.distributions.composite import Composite, key_of, listed, shares
from overbuild.study.distributions.discrete import Discrete, checked_weights
from overbuild.study.distributions.laws import Floats, Law
from overbuild.study.distributions.parts import as_component
from overbuild.study.distributions.ranges import check_number
from overbuild.study.distributions.searching import least


def mixture(components: Sequence[Any], weights: ArrayLike) -> Mixture:
    r"""One of several distributions: scenarios that exclude each other, each with its range.

    .. math:: F(x) = \sum_k w_k F_k(x)

    Parameters
    ----------
    components : sequence of distributions or numbers, n of them
        In the input's unit; a number stands for itself with all of its weight.
    weights : array_like, shape (n,)
        How likely each is, relative to the others: not negative, and not all 0.

    Returns
    -------
    distribution
        With the methods of a frozen ``scipy.stats`` one; a density if all components have one.

    Raises
    ------
    ValueError
        If there are no components, one is impossible, or `weights` are not as above.
    TypeError
        If a component is neither a number nor a distribution with a ``cdf``.

    Notes
    -----
    Source: definition. A quantile is found among the floating-point numbers between the
    components' quantiles, so it is exact also where single values have a probability.

    Examples
    --------
    >>> import overbuild as ob
    >>> price = ob.mixture([ob.between(2, 3), 4.5], weights=[0.75, 0.25])
    >>> price.ppf([0.05, 0.74, 0.76]).round(3)
    array([2.036, 3.219, 4.5  ])
    >>> round(price.mean(), 3)
    2.976
    """
    if isinstance(components, str) or not isinstance(components, Iterable):
        msg = f"components must be a list of distributions or numbers, got {components!r:.80}"
        raise TypeError(msg)
    laws = [as_component(f"component {k}", one) for k, one in enumerate(components)]
    if not laws:
        msg = "components must be at least one"
        raise ValueError(msg)
    given = checked_weights(weights, len(laws))
    return Mixture(
        [law for law, weight in zip(laws, given, strict=True) if weight], given[given > 0]
    )


def zero_inflated(distribution: Any, share: float) -> Mixture:
    """Zero with a certain probability, and else drawn from a distribution.

    Parameters
    ----------
    distribution : distribution or number
        What comes if it is not zero, in the input's unit.
    share : float
        Probability of zero, a fraction from 0 to 1.

    Returns
    -------
    distribution
        With the methods of a frozen ``scipy.stats`` one, but no density.

    Raises
    ------
    ValueError
        If `share` is not from 0 to 1, or the distribution is impossible.
    TypeError
        If it is neither a number nor a distribution with a ``cdf``, or `share` is no number.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> penalty = ob.zero_inflated(ob.between(1e6, 5e6), share=0.8)
    >>> penalty.ppf([0.5, 0.8, 0.9]).round()
    array([      0.,       0., 2236068.])
    """
    check_number("share", share)
    if not 0 <= share <= 1:
        msg = f"share must be from 0 to 1, got {share}"
        raise ValueError(msg)
    return mixture([0.0, distribution], [share, 1 - share])


class Mixture(Composite):
    """One of several distributions, each with its probability."""

    def __init__(self, laws: Sequence[Law], weights: Floats) -> None:
        self.laws = tuple(laws)
        self.weights = weights / weights.sum()

    @property
    def has_density(self) -> bool:
        """Whether all components have one."""
        return all(law.has_density for law in self.laws)

    def support(self) -> tuple[float, float]:
        """Return the least and the greatest value of all components."""
        ends = [law.support() for law in self.laws]
        return min(low for low, _ in ends), max(high for _, high in ends)

    def mean(self) -> float:
        """Return the mean: that of the components' means."""
        return float(self.weights @ [law.mean() for law in self.laws])

    def var(self) -> float:
        """Return the variance: of the components' means, and within components."""
        means = np.array([law.mean() for law in self.laws])
        within = np.array([law.var() for law in self.laws])
        return float(self.weights @ ((means - self.weights @ means) ** 2 + within))

    def rvs(self, size: Any = None, random_state: Any = None) -> Any:
        """Draw at random: first which component, then from it."""
        random = np.random.default_rng(random_state)
        which = np.asarray(random.choice(len(self.laws), size, p=self.weights))
        share = np.asarray(shares(random, size))
        drawn = np.empty(which.shape)
        for k, law in enumerate(self.laws):
            drawn[which == k] = law.ppf(share[which == k])
        return drawn[()]

    def parts(self) -> list[tuple[Law, float]]:
        """Return the components with their probabilities."""
        return list(zip(self.laws, self.weights.tolist(), strict=True))

    def _below(self, tail: Floats) -> Floats:
        ends = np.array([law.ppf(tail) for law in self.laws])
        return least(lambda x, k: self._cdf(x) >= tail[k], ends.min(0), ends.max(0))

    def _above(self, tail: Floats) -> Floats:
        ends = np.array([law.isf(tail) for law in self.laws])
        return least(lambda x, k: self._sf(x) <= tail[k], ends.min(0), ends.max(0))

    def _cdf(self, x: Floats) -> Floats:
        return self._sum([law.cdf(x) for law in self.laws])

    def _sf(self, x: Floats) -> Floats:
        return self._sum([law.sf(x) for law in self.laws])

    def _pdf(self, x: Floats) -> Floats:
        return self._sum([law.pdf(x) for law in self.laws])

    def _sum(self, parts: list[Any]) -> Floats:
        # One after the other, so that the order is fixed; and 1 stays the most.
        total = np.zeros(np.shape(parts[0]))
        for weight, part in zip(self.weights, parts, strict=True):
            total += weight * part
        return total

    def _key(self) -> tuple[Any, ...]:
        return tuple(map(key_of, self.laws)), self.weights.tobytes()

    def __repr__(self) -> str:
        single = [isinstance(law, Discrete) and law.values.size == 1 for law in self.laws]
        parts = [
            f"{law.mean():.6g}" if alone else repr(law)
            for law, alone in zip(self.laws, single, strict=True)
        ]
        return f"mixture([{', '.join(parts)}], weights={listed(self.weights)})"
