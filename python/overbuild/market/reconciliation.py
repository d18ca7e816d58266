"""One quantity by several routes: what they say together, and how far each is from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from overbuild.market._estimates import as_laws
from overbuild.market._logarithms import NEGLIGIBLE, of_logarithms
from overbuild.study.distributions.laws import Law


@dataclass(frozen=True, eq=False)
class Reconciliation:
    """A pooled estimate and how far each route is from it.

    In a logarithmic one estimates are medians, and what are standard errors and spreads are those
    of natural logarithms: 0.1 is some 10%.

    Attributes
    ----------
    pooled : float
        The pooled estimate, in the unit of the routes.
    standard_error : float
        Its standard error.
    between : float
        Standard deviation of the routes beyond their own errors.
    heterogeneity : float
        Cochran's Q: sum of squared distances from the mean weighted by the routes' own precision.
    p_value : float
        Chance of such a Q or a larger one if the routes measured the same; NaN for a single route.
    routes : DataFrame
        One row a route: ``estimate``, ``standard_error``, ``weight`` (a share), and ``distance``
        from the pooled estimate in its own standard errors.
    kind : str
        ``linear`` or ``log``.
    """

    pooled: float
    standard_error: float
    between: float
    heterogeneity: float
    p_value: float
    routes: pd.DataFrame
    kind: str

    @property
    def distribution(self) -> Any:
        """The pooled estimate as a frozen distribution of ``scipy.stats``, for a study."""
        if self.kind == "log":
            return stats.lognorm(s=self.standard_error, scale=self.pooled)
        return stats.norm(self.pooled, self.standard_error)

    def __repr__(self) -> str:
        low, high = self.distribution.interval(0.9)
        head = f"{self.pooled:.4g} ({low:.4g} to {high:.4g} in 90%), from {len(self.routes)} routes"
        spread = f"between routes {self.between:.3g}, Q {self.heterogeneity:.3g}"
        return f"{head}; {spread}, p {self.p_value:.2g}\n{self.routes.round(4).to_string()}"


def reconcile(
    estimates: Any,
    kind: Literal["linear", "log"] = "linear",
    random: bool = True,
    spread: float | None = None,
    level: float = 0.9,
) -> Reconciliation:
    r"""Pool estimates of one quantity by independent routes, allowing for errors they do not state.

    With standard errors :math:`s_i` and weights :math:`v_i = 1/s_i^2` around
    :math:`\bar y = \sum v_i y_i / \sum v_i`, the spread between routes is

    .. math:: \tau^2 = \max\Bigl(0, \frac{\sum_i v_i (y_i - \bar y)^2 - (k - 1)}
        {\sum_i v_i - \sum_i v_i^2 / \sum_i v_i}\Bigr)

    .. math:: \hat y = \frac{\sum_i w_i y_i}{\sum_i w_i}, \quad
        w_i = \frac{1}{s_i^2 + \tau^2}, \quad \text{standard error } \Bigl(\sum_i w_i\Bigr)^{-1/2}

    Parameters
    ----------
    estimates : mapping or sequence
        By name, or in order, what each route says about one number in one unit: a figure, a range
        ``(low, high)``, an array of draws, shape (n,), or any distribution, as for :func:`pool`.
        Mean and standard deviation of each count.
    kind : {"linear", "log"}
        Whether the quantity itself or its logarithm is pooled, which suits what may be off by a
        factor.
    random : bool
        Whether each route may measure a number of its own, so that they differ by more than their
        errors (random effects). Without it there is no spread between routes, and weights are those
        of their own errors alone (a fixed effect).
    spread : float, optional
        Standard deviation of what is given as a figure, as a share of it.
    level : float
        Probability of ranges, a fraction between 0 and 1.

    Returns
    -------
    Reconciliation
        Numbers in the estimates' unit, of shape (), and a table of routes; its ``distribution``
        goes into a study.

    Raises
    ------
    TypeError
        If an estimate is none of these, `spread` or `level` is no number, or `random` is neither
        true nor false.
    ValueError
        If there is none, `kind` is unknown, one has no spread or an infinite one, or logarithms
        are pooled of what may be 0 or less.

    Notes
    -----
    Routes that share inputs are no independent routes: together they weigh too much. With few
    routes the spread between them is hardly known, and the standard error is too small.

    Source: R. DerSimonian, N. Laird, "Meta-analysis in clinical trials", *Controlled Clinical
    Trials* 7 (1986), 177-188.

    Examples
    --------
    >>> import overbuild as ob
    >>> gigawatts = {"capex": (4.2, 7.6), "racks": (3.0, 5.4), "absorption": (4.1, 4.7)}
    >>> found = ob.market.reconcile(gigawatts, kind="log")
    >>> print(round(found.pooled, 2), round(found.standard_error, 3))
    4.45 0.051
    >>> found.routes["distance"].round(2).to_dict()
    {'capex': 1.33, 'racks': -0.56, 'absorption': -0.3}
    """
    if kind not in ("linear", "log"):
        msg = f"kind must be 'linear' or 'log', got {kind!r}"
        raise ValueError(msg)
    if not isinstance(random, bool | np.bool_):
        msg = f"random must be True or False, got {random!r:.80}"
        raise TypeError(msg)
    laws = as_laws(estimates, spread, level)
    found = np.array([_centre_and_error(name, law, kind) for name, law in laws.items()])
    y, own = found.T
    precision = own**-2.0
    fixed = float(precision @ y / precision.sum())
    q = float(precision @ (y - fixed) ** 2)
    between = _between(q, precision) if random else 0.0
    weights = 1.0 / (own**2 + between**2)
    pooled = float(weights @ y / weights.sum())
    routes = pd.DataFrame(
        {
            "estimate": np.exp(y) if kind == "log" else y,
            "standard_error": own,
            "weight": weights / weights.sum(),
            "distance": (y - pooled) / own,
        },
        index=pd.Index(list(laws), name="route"),
    )
    return Reconciliation(
        pooled=math.exp(pooled) if kind == "log" else pooled,
        standard_error=float(weights.sum() ** -0.5),
        between=between,
        heterogeneity=q,
        p_value=float(stats.chi2.sf(q, len(y) - 1)) if len(y) > 1 else math.nan,
        routes=routes,
        kind=kind,
    )


def _between(q: float, precision: Any) -> float:
    """Return the spread between routes by the method of moments."""
    if precision.size < 2:
        return 0.0
    scale = precision.sum() - (precision @ precision) / precision.sum()
    return math.sqrt(max(0.0, (q - (precision.size - 1)) / scale))


def _centre_and_error(name: str, law: Law, kind: str) -> tuple[float, float]:
    if kind == "log":
        if not law.cdf(0.0) <= NEGLIGIBLE:
            msg = f"{name} may be 0 or less, so it has no logarithm; pool it with kind='linear'"
            raise ValueError(msg)
        mean, variance = of_logarithms(name, law)
    else:
        mean, variance = law.mean(), law.var()
    if not (math.isfinite(mean) and math.isfinite(variance)):
        msg = f"{name} must have a finite mean and variance, got {mean:g} and {variance:g}"
        raise ValueError(msg)
    if not variance > 0:
        msg = f"{name} is a figure without a spread; give it one, or a range"
        raise ValueError(msg)
    return mean, math.sqrt(variance)
