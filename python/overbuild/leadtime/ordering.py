"""By when to order, so that it is there in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild._calls import Values, elementwise
from overbuild._dates import are_dates, dates_of, day_numbers
from overbuild.leadtime._tables import LAG, is_distribution, share_table

_DRAW = "draw"

#: Share by which rounding may keep a probability from being reached.
_ROUNDING = 1e-12


def order_by(need: Values, lead_time: Any, confidence: float = 0.9) -> Values:
    r"""Find the latest date to order, so that it arrives in time with a given probability.

    .. math:: \max\,\{\, o : P(o + L \le n) \ge c \,\}

    Parameters
    ----------
    need : array_like
        Dates by which it must be there, or numbers of periods; any shape.
    lead_time : frozen distribution of scipy.stats, DataArray or array_like
        Number of weeks for dates, of periods for numbers of periods: a distribution, or draws
        along dimension ``draw`` of a DataArray. Or shares by lag, as for :func:`deliveries`,
        shape (..., lags), for numbers of periods.
    confidence : float
        Probability of arriving in time, a fraction between 0 and 1.

    Returns
    -------
    array
        Dates, or numbers of periods, in the common shape of `need` and of the lead time without
        its draws or lags. No date, or NaN, where an argument is missing; no date, or minus
        infinity, where too many never arrive.

    Raises
    ------
    TypeError
        If `lead_time` is none of these.
    ValueError
        If `confidence` is not between 0 and 1, shares do not sum to 1 or come with dates, or
        labels differ.

    Notes
    -----
    A date is the last that will do: ordered a day later, the probability is missed. The quantile
    of draws is the smallest draw that as large a share of them does not exceed.

    Source: definition; the quantile is definition 1 of R. Hyndman and Y. Fan, *Sample quantiles
    in statistical packages*, The American Statistician 50 (1996).

    Examples
    --------
    >>> import overbuild as ob
    >>> from scipy import stats
    >>> transformer = stats.lognorm(s=0.3, scale=120)  # median of 120 weeks
    >>> print(ob.leadtime.order_by("2028-01-03", transformer, confidence=0.9))
    2024-08-17
    >>> float(ob.leadtime.order_by(10, [0.0, 0.75, 0.25], confidence=0.9))
    8.0
    """
    if not 0.0 < confidence < 1.0:
        msg = f"confidence must be between 0 and 1, got {confidence}"
        raise ValueError(msg)
    if is_distribution(lead_time) and lead_time.cdf(-1e-12) > 0:
        before = float(lead_time.cdf(-1e-12))
        msg = f"lead_time gives lead times below 0 a probability of {before:.3g}"
        raise ValueError(msg)
    if are_dates(need):
        days = elementwise(
            np.subtract, {}, need=day_numbers(need, "need"), days=_days(lead_time, confidence)
        )
        return dates_of(days)
    return elementwise(np.subtract, {}, need=need, lead_time=_periods(lead_time, confidence))


def _days(lead_time: Any, confidence: float) -> Values:
    """Return the least whole number of days that is enough; `lead_time` is in weeks."""
    if is_distribution(lead_time):
        weeks = np.asarray(lead_time.ppf(confidence))
        # Multiplying by 7 rounds: ask the distribution itself.
        days: NDArray[np.float64] = np.ceil(7 * weeks) + 1
        for _ in range(2):
            days = days - (lead_time.cdf((days - 1) / 7) >= confidence)
        return days
    if _has_draws(lead_time):
        return np.ceil(7 * _quantile(lead_time, confidence) - 1e-6)
    msg = "lead_time by lag says how many periods, but need holds dates; take a distribution"
    raise ValueError(msg)


def _periods(lead_time: Any, confidence: float) -> Values:
    if is_distribution(lead_time):
        return np.asarray(lead_time.ppf(confidence))
    if _has_draws(lead_time):
        return _quantile(lead_time, confidence)
    shares = share_table(lead_time)
    if not isinstance(shares, xr.DataArray):
        return _lag(np.atleast_1d(np.asarray(shares, dtype=float)), confidence)
    return xr.apply_ufunc(
        _lag,
        shares,
        kwargs={"confidence": confidence},
        input_core_dims=[[LAG]],
        dask="parallelized",
        output_dtypes=[float],
    )


def _has_draws(lead_time: Any) -> bool:
    return isinstance(lead_time, xr.DataArray) and _DRAW in lead_time.dims


def _lag(shares: NDArray[np.float64], confidence: float) -> NDArray[np.float64]:
    """Return the first lag by which a share of `confidence` has arrived, of each row."""
    enough = np.cumsum(shares, axis=-1) >= confidence * (1 - _ROUNDING)
    lags = np.argmax(enough, axis=-1).astype(float)
    return np.where(np.isnan(shares).any(axis=-1), np.nan, lags)


def _quantile(draws: xr.DataArray, confidence: float) -> xr.DataArray:
    if not draws.sizes[_DRAW]:
        msg = "lead_time has no draws"
        raise ValueError(msg)

    def smallest(values: NDArray[np.float64]) -> NDArray[np.float64]:
        # At 57 of 100 draws and 0.57, rounding must not ask for one more.
        place = int(np.ceil(confidence * values.shape[-1] * (1 - _ROUNDING))) - 1
        found = np.partition(values, place, axis=-1)[..., place]
        return np.where(np.isnan(values).any(axis=-1), np.nan, found)

    found: xr.DataArray = xr.apply_ufunc(
        smallest,
        draws.astype(float),
        input_core_dims=[[_DRAW]],
        dask="parallelized",
        dask_gufunc_kwargs={"allow_rechunk": True},
        output_dtypes=[float],
    )
    return found
