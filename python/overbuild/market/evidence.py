"""What several people say: pooled, and what it is worth that they agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from overbuild import _core
from overbuild._calls import Values, elementwise
from overbuild.market._estimates import as_laws
from overbuild.market._log_pool import LogPool
from overbuild.study.distributions.discrete import checked_weights
from overbuild.study.distributions.laws import Foreign, Law
from overbuild.study.distributions.mixtures import mixture


def pool(
    estimates: Any,
    weights: ArrayLike | Mapping[str, float] | None = None,
    kind: Literal["linear", "log"] = "linear",
    spread: float | None = None,
    level: float = 0.9,
) -> Any:
    r"""Make one distribution of what several experts say, for use as an input of a study.

    .. math:: f(x) = \sum_k w_k f_k(x) \quad\text{or}\quad f(x) \propto \prod_k f_k(x)^{w_k}

    A linear pool says that one of them is right: it keeps all of their ranges. A logarithmic one
    looks for what all of them allow, and rules out what one of them rules out.

    Parameters
    ----------
    estimates : mapping or sequence
        By name, or in order, each estimate of one number in one unit: a figure; a range
        ``(low, high)`` above 0, as for :func:`overbuild.between`; an array of draws, shape (n,);
        or any distribution.
    weights : array_like or mapping, optional
        Share of each estimate, as fractions or in proportion: not negative, not all 0. Equal if
        not given.
    kind : {"linear", "log"}
        Mean of the densities, or geometric mean, normalised.
    spread : float, optional
        Standard deviation of what is given as a figure, as a share of it. Without it figures are
        taken at their word in a linear pool, and refused in a logarithmic one.
    level : float
        Probability of ranges, a fraction between 0 and 1.

    Returns
    -------
    distribution
        In the estimates' unit, with the methods of a frozen ``scipy.stats`` one; of shape ().

    Raises
    ------
    TypeError
        If an estimate is none of these, or `weights`, `spread` or `level` are no numbers.
    ValueError
        If there is none, one is impossible, `weights` are not as above, `kind` is unknown, or in
        a logarithmic pool an estimate has no density or they have no value in common.

    Notes
    -----
    Weights of a logarithmic pool sum to 1, so experts who say the same leave it as it is; they do
    not count as independent evidence, for which see :func:`reconcile`. More than 4,096 draws are
    represented by as many of their quantiles.

    Source: C. Genest, J. V. Zidek, "Combining probability distributions: a critique and an
    annotated bibliography", *Statistical Science* 1 (1986), 114-135.

    Examples
    --------
    >>> import overbuild as ob
    >>> said = {"low": 3.2, "high": 8.0, "most": (4, 5)}
    >>> together = ob.market.pool(said, weights=[1, 1, 4], spread=0.1)
    >>> together.ppf([0.05, 0.5, 0.95]).round(2)
    array([3.03, 4.47, 8.42])
    >>> common = ob.market.pool(said, weights=[1, 1, 4], kind="log", spread=0.2)
    >>> common.ppf([0.05, 0.5, 0.95]).round(2)
    array([3.89, 4.44, 5.07])
    """
    if kind not in ("linear", "log"):
        msg = f"kind must be 'linear' or 'log', got {kind!r}"
        raise ValueError(msg)
    laws = as_laws(estimates, spread, level)
    given = _weights(weights, list(laws))
    if kind == "linear":
        return mixture([_bare(law) for law in laws.values()], given)
    some = {name: law for (name, law), weight in zip(laws.items(), given, strict=True) if weight}
    return LogPool(some, given[given > 0])


def _bare(law: Law) -> Any:
    return law.distribution if isinstance(law, Foreign) else law


def _weights(weights: Any, names: list[str]) -> Any:
    if weights is None:
        return np.ones(len(names))
    # A Series that only counts has weights in the order of the estimates.
    if isinstance(weights, pd.Series) and not isinstance(weights.index, pd.RangeIndex):
        weights = weights.to_dict()
    if isinstance(weights, Mapping):
        if {str(name) for name in weights} != set(names):
            msg = f"weights must be for {', '.join(names)}, got {', '.join(map(str, weights))}"
            raise ValueError(msg)
        by_name = {str(name): weight for name, weight in weights.items()}
        weights = [by_name[name] for name in names]
    return checked_weights(weights, len(names))


def unanimous(n: Values, level: Values = 0.95) -> Values:
    r"""Least share of all who agree, if all of a few who were asked do.

    .. math:: \pi = (1 - \gamma)^{1/n}

    Parameters
    ----------
    n : array_like
        Number of those asked at random who all agreed, a whole number of at least 0, any shape.
    level : array_like
        Confidence, a fraction between 0 and 1; broadcasts.

    Returns
    -------
    array
        Share of all, a fraction, in the arguments' common shape: if fewer than that agreed, a
        unanimous sample would have a chance below ``1 - level``. NaN where `n` is no whole number
        or `level` does not lie between 0 and 1, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If labels differ.

    Notes
    -----
    The bound is one-sided, since the interval ends at 1 anyhow; the lower end of a two-sided
    interval of 95% is that at a `level` of 0.975. It is exact for answers given at random and
    independently: those who read the same reports count for fewer.

    Source: C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in
    the case of the binomial", *Biometrika* 26 (1934), 404-413.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.market.unanimous([1, 5, 10, 59]).round(3)
    array([0.05 , 0.549, 0.741, 0.95 ])
    """
    return elementwise(_core.unanimous, {}, n=n, level=level)
