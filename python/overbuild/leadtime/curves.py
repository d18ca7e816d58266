"""Lead times without a family: shares open and delivered at each length of time."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from overbuild import _core
from overbuild.leadtime.results import normal_score
from overbuild.leadtime.survival import as_floats, check_labels

_Floats: TypeAlias = NDArray[np.float64]

#: Sums of shares are off by so much, which must not put a median at the next time.
_ROUNDING = 1e-12


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class KaplanMeier:
    """Share of orders that are still open at each length of time.

    Attributes
    ----------
    times : ndarray, shape (times,)
        Lengths of time at which an order ended or was last seen, rising.
    survival : ndarray, shape (times,)
        Share still open just after each; 1 before the first.
    lower, upper : ndarray, shape (times,)
        Confidence interval of the share at each time by itself.
    at_risk, events, censored : ndarray, shape (times,)
        Weight of orders open and known of just before, of those that ended then, of those that
        were last seen then.
    level : float
        Probability of the interval.
    """

    times: _Floats
    survival: _Floats
    lower: _Floats
    upper: _Floats
    at_risk: _Floats
    events: _Floats
    censored: _Floats
    level: float

    def at(self, times: ArrayLike) -> Any:
        """Share still open at any times; NaN beyond the last order while some are open.

        Parameters
        ----------
        times : array_like
            Lengths of time in the unit of the durations.

        Returns
        -------
        array
            Shares, in the shape of `times`.
        """
        return step(self.times, self.survival, times, before=1.0)

    def quantile(self, q: ArrayLike) -> Any:
        """First time by which a share of orders has ended; infinite where it never has.

        Parameters
        ----------
        q : array_like
            Shares, fractions above 0 and at most 1: 0.5 gives the median.

        Returns
        -------
        array
            Lengths of time, in the shape of `q`.

        Raises
        ------
        ValueError
            If a share is out of range.
        """
        return _first_time(self.times, self.survival, q)

    def quantile_interval(self, q: ArrayLike) -> tuple[Any, Any]:
        """Confidence interval of :meth:`quantile`: where the interval of the share gets there.

        Parameters
        ----------
        q : array_like
            Shares, fractions above 0 and at most 1.

        Returns
        -------
        lower, upper : array
            Lengths of time, in the shape of `q`; infinite where a bound never gets there.
        """
        return _first_time(self.times, self.lower, q), _first_time(self.times, self.upper, q)

    def table(self) -> pd.DataFrame:
        """All columns, by time.

        Returns
        -------
        DataFrame
            One row a time.
        """
        names = ("survival", "lower", "upper", "at_risk", "events", "censored")
        columns = {name: getattr(self, name) for name in names}
        return pd.DataFrame(columns, index=pd.Index(self.times, name="time"))

    def __repr__(self) -> str:
        median = self.quantile(0.5)
        low, high = self.quantile_interval(0.5)
        ended = self.events.sum()
        return (
            f"Kaplan-Meier estimate: {ended + self.censored.sum():,.6g} orders, {ended:,.6g} "
            f"ended, median {median:.6g} ({100 * self.level:g}% interval {low:.6g} to {high:.6g})"
        )


def kaplan_meier(
    durations: ArrayLike,
    observed: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> KaplanMeier:
    r"""Share of orders still open at each length of time, without a family of distributions.

    .. math:: \hat S(t) = \prod_{t_i \le t} \left(1 - \frac{d_i}{n_i}\right)

    where :math:`d_i` of the :math:`n_i` orders at risk end at :math:`t_i`. An order last seen at a
    time is at risk then; one known of from a time on is at risk after it.

    Parameters
    ----------
    durations : array_like, shape (orders,)
        Time from order to delivery or, if it is open, to the day of the count; at least 0, in
        weeks or any one unit. One row only.
    observed : array_like of bool, shape (orders,), optional
        Whether the time has ended in delivery; share 0 or 1. All have unless given.
    entry : array_like, shape (orders,), optional
        Time after the order (weeks) from which it could be known of (left truncation).
    weights : array_like, shape (orders,), optional
        Number of times that each order counts; at least 0.
    level : float
        Probability of the confidence interval, a fraction between 0 and 1.

    Returns
    -------
    KaplanMeier
        Arrays of shape (times,), with a step where any order ended or was last seen. The interval
        is normal for log(-log S) with Greenwood's variance; where S is 0 or 1, it is that too.

    Raises
    ------
    ValueError
        If there is no order, shapes do not fit, a time is missing, negative, infinite or not after
        its entry, `observed` holds anything but 0 and 1, or weights are negative, missing or all
        zero. The message names the first such order, counted from 0.
    TypeError
        If an argument is no array of numbers.

    Notes
    -----
    Source: E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations",
    *Journal of the American Statistical Association* 53 (1958), 457-481. The interval is that of
    J. D. Kalbfleisch and R. L. Prentice, *The Statistical Analysis of Failure Time Data* (2nd
    edition, 2002), 1.4. With late entries the share can fall to 0 while few orders are at risk,
    and then stays there.

    Examples
    --------
    >>> import overbuild as ob
    >>> weeks = [31, 44, 47, 52, 58, 60, 60, 60]
    >>> delivered = [True, True, True, True, True, False, False, False]
    >>> curve = ob.leadtime.kaplan_meier(weeks, delivered)
    >>> curve.survival
    array([0.875, 0.75 , 0.625, 0.5  , 0.375, 0.375])
    >>> curve.quantile([0.25, 0.5, 0.75])
    array([44., 52., inf])
    """
    check_labels({"durations": durations, "observed": observed, "entry": entry, "weights": weights})
    causes = np.ones(np.shape(durations)) if observed is None else as_floats("observed", observed)
    strange = ~((causes == 0) | (causes == 1))
    if strange.any():
        first = int(np.argmax(strange))
        msg = f"observed must be true or false (1 or 0), got {causes.flat[first]:g} in row {first}"
        raise ValueError(msg)
    columns, wide = curves(durations, causes.astype(np.uint32), 1, entry, weights, level)
    times, at_risk, censored, survival, _, lower, upper = columns
    return KaplanMeier(
        times=times,
        survival=survival,
        lower=lower,
        upper=upper,
        at_risk=at_risk,
        events=wide[0][0],
        censored=censored,
        level=level,
    )


def curves(
    durations: ArrayLike,
    cause: NDArray[np.uint32],
    causes: int,
    entry: ArrayLike | None,
    weights: ArrayLike | None,
    level: float,
) -> tuple[list[_Floats], list[_Floats]]:
    """Check the columns and call the core."""
    columns = {"durations": as_floats("durations", durations)}
    if entry is not None:
        columns["entry"] = as_floats("entry", entry)
    if weights is not None:
        columns["weights"] = as_floats("weights", weights)
    shape = columns["durations"].shape
    if len(shape) != 1 or not shape[0]:
        msg = f"durations must be one row of at least one order, got shape {shape}"
        raise ValueError(msg)
    columns = {
        name: np.full(shape, column) if column.ndim == 0 else column
        for name, column in columns.items()
    }
    shapes = {name: column.shape for name, column in columns.items()} | {"cause": cause.shape}
    if set(shapes.values()) != {shape}:
        found = ", ".join(f"{name} has shape {shape}" for name, shape in shapes.items())
        msg = f"columns must have one entry for each order: {found}"
        raise ValueError(msg)
    kept = np.ones(shape, dtype=bool)
    if weights is not None:
        weight = columns["weights"]
        _refuse(~((weight >= 0) & (weight < np.inf)), "weights must be at least 0", weight)
        kept = weight > 0
        if not kept.any():
            msg = "weights are all zero"
            raise ValueError(msg)
    time = columns["durations"]
    _refuse(kept & ~((time >= 0) & (time < np.inf)), "durations must be at least 0", time)
    if entry is not None:
        begin = columns["entry"]
        within = (begin >= 0) & ((begin < time) | ((begin == time) & (cause == 0)))
        _refuse(kept & ~within, "entry must be at least 0 and before the end", begin)
    rows = {name: np.ascontiguousarray(column[kept]) for name, column in columns.items()}
    return _core.lead_time_curves(
        rows["durations"],
        cause[kept],
        causes,
        rows.get("entry"),
        rows.get("weights"),
        normal_score(level),
    )


def _refuse(faulty: NDArray[np.bool_], what: str, values: _Floats) -> None:
    if faulty.any():
        row = int(np.argmax(faulty))
        msg = (
            f"{what} and finite, got {values[row]:g} in row {row}, counted from 0; faulty rows in "
            f"all: {int(faulty.sum())}"
        )
        raise ValueError(msg)


def step(times: _Floats, shares: _Floats, wanted: ArrayLike, before: float) -> Any:
    """Return shares at any times; the last one is known only up to the last time, or if it is 0."""
    at = np.asarray(wanted, dtype=float)
    values = np.concatenate([[before], shares])[np.searchsorted(times, at, side="right")]
    unknown = np.isnan(at) | ((at > times[-1]) & (shares[-1] != 0))
    return np.where(unknown, np.nan, values)[()]


def _first_time(times: _Floats, shares: _Floats, q: ArrayLike) -> Any:
    """Return the first time at which a falling share is down to 1 - q."""
    wanted = np.asarray(q, dtype=float)
    if not ((wanted > 0) & (wanted <= 1)).all():
        msg = f"q must be above 0 and at most 1, got {q!r:.80}"
        raise ValueError(msg)
    place = np.searchsorted(-shares, -(1 - wanted + _ROUNDING), side="left")
    return np.append(times, np.inf)[place][()]
