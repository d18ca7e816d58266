"""Orders that can end in more than one way: the share that each has ended by any time."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from overbuild.leadtime.curves import curves, step
from overbuild.leadtime.survival import check_labels

_Floats: TypeAlias = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class CumulativeIncidence:
    """Share of orders that each cause has ended by each length of time.

    Attributes
    ----------
    causes : tuple
        Labels of what can end an order, sorted.
    times : ndarray, shape (times,)
        Lengths of time at which an order ended or was last seen, rising.
    incidence, variance, lower, upper : ndarray, shape (causes, times)
        Share that a cause has ended by each time, its variance, and confidence interval.
    survival : ndarray, shape (times,)
        Share still open; with all incidences it sums to 1.
    at_risk : ndarray, shape (times,)
        Weight of orders open and known of just before.
    events : ndarray, shape (causes, times)
        Weight of orders that ended then.
    level : float
        Probability of the interval.
    """

    causes: tuple[Hashable, ...]
    times: _Floats
    incidence: _Floats
    variance: _Floats
    lower: _Floats
    upper: _Floats
    survival: _Floats
    at_risk: _Floats
    events: _Floats
    level: float

    def at(self, times: ArrayLike, cause: Hashable) -> Any:
        """Share that a cause has ended by any times; NaN beyond the last order while some are open.

        Parameters
        ----------
        times : array_like
            Lengths of time in the unit of the durations.
        cause : label
            One of ``causes``.

        Returns
        -------
        array
            Shares, in the shape of `times`.
        """
        shares = self.incidence[self._place(cause)]
        found = step(self.times, shares, times, before=0.0)
        # When none is open any more, shares stay what they are.
        beyond = np.asarray(times, dtype=float) > self.times[-1]
        return np.where(beyond & (self.survival[-1] == 0), shares[-1], found)[()]

    def table(self, cause: Hashable) -> pd.DataFrame:
        """All columns of a cause, by time.

        Parameters
        ----------
        cause : label
            One of ``causes``.

        Returns
        -------
        DataFrame
            One row a time.
        """
        place = self._place(cause)
        names = ("incidence", "variance", "lower", "upper", "events")
        columns = {name: getattr(self, name)[place] for name in names}
        columns["at_risk"] = self.at_risk
        return pd.DataFrame(columns, index=pd.Index(self.times, name="time"))

    def _place(self, cause: Hashable) -> int:
        if cause not in self.causes:
            msg = f"cause must be one of {self.causes}, got {cause!r}"
            raise ValueError(msg)
        return self.causes.index(cause)

    def __repr__(self) -> str:
        last = ", ".join(
            f"{cause!r} {share:.4g}"
            for cause, share in zip(self.causes, self.incidence[:, -1], strict=True)
        )
        return f"Cumulative incidence by time {self.times[-1]:.6g}: {last}"


def cumulative_incidence(
    durations: ArrayLike,
    cause: ArrayLike,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> CumulativeIncidence:
    r"""Share of orders that each cause has ended, such as delivery and cancellation.

    .. math:: \hat F_c(t) = \sum_{t_i \le t} \hat S(t_{i-1}) \frac{d_{ci}}{n_i}

    where :math:`d_{ci}` of the :math:`n_i` orders at risk are ended by cause :math:`c` at
    :math:`t_i`, and :math:`\hat S` is :func:`kaplan_meier` of all causes together. What is
    cancelled can no longer be delivered; to count it as open would promise too much. Causes that
    end orders at one time share them out by number, in no order.

    Parameters
    ----------
    durations : array_like, shape (orders,)
        Time from order to its end or, if it is open, to the day of the count; at least 0, in weeks
        or any one unit. One row only.
    cause : array_like, shape (orders,)
        Labels of what ended each order, words or numbers; 0, False, None, NaN or an empty word
        for one that is open.
    entry : array_like, shape (orders,), optional
        Time after the order (weeks) from which it could be known of (left truncation).
    weights : array_like, shape (orders,), optional
        Number of times that each order counts; at least 0.
    level : float
        Probability of the confidence interval, a fraction between 0 and 1.

    Returns
    -------
    CumulativeIncidence
        Arrays of shape (causes, times), with variance and confidence interval, which is normal for
        log(-log F).

    Raises
    ------
    ValueError
        As for :func:`kaplan_meier`, or if every order is open.
    TypeError
        If an argument is no array of numbers.

    Notes
    -----
    Source: O. O. Aalen and S. Johansen, "An empirical transition matrix for non-homogeneous
    Markov chains", *Scandinavian Journal of Statistics* 5 (1978), 141-150. The variance is that of
    D. Collett, *Modelling Survival Data in Medical Research* (3rd edition, 2015), 12.2.

    Examples
    --------
    >>> import overbuild as ob
    >>> ends = ["delivered", "cancelled", None, "delivered", "delivered", None]
    >>> shares = ob.leadtime.cumulative_incidence([20, 26, 30, 41, 52, 60], ends)
    >>> shares.causes
    ('cancelled', 'delivered')
    >>> shares.at(52, "delivered").round(4), shares.at(52, "cancelled").round(4)
    (np.float64(0.6111), np.float64(0.1667))
    """
    check_labels({"durations": durations, "cause": cause, "entry": entry, "weights": weights})
    codes, labels = _labels(cause)
    if not labels:
        msg = "cause has no label: every order is open"
        raise ValueError(msg)
    columns, wide = curves(durations, codes, len(labels), entry, weights, level)
    times, at_risk, _, survival, *_ = columns
    events, incidence, variance, lower, upper = wide
    return CumulativeIncidence(
        causes=labels,
        times=times,
        incidence=incidence,
        variance=variance,
        lower=lower,
        upper=upper,
        survival=survival,
        at_risk=at_risk,
        events=events,
        level=level,
    )


def _labels(cause: ArrayLike) -> tuple[NDArray[np.uint32], tuple[Hashable, ...]]:
    """Return numbers of causes from 1, 0 for open orders, and the causes' labels."""
    labels = pd.Series(np.asarray(cause).ravel())
    ended = ~(labels.isna() | labels.isin([0, ""]))
    try:
        found, names = pd.factorize(labels.where(ended), sort=True)
    except TypeError as error:
        msg = f"cause must hold labels of one kind, words or numbers: {error}"
        raise TypeError(msg) from error
    whole = names.dtype.kind == "f" and (names == np.floor(names)).all()
    names = names.astype(np.int64) if whole else names
    return (found + 1).astype(np.uint32), tuple(names.tolist())
