"""Internal rates of return, right where others give up, and a report on where they are not one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from overbuild import _core
from overbuild._calls import Values, along
from overbuild.capex._dates import DayCount, years_of
from overbuild.capex._errors import NoRealSolutionError, solved


def irr(
    values: Values,
    dim: str = "period",
    *,
    guess: float | None = None,
    tol: float | None = None,
    maxiter: int = 100,
    raise_exceptions: bool = False,
) -> Values:
    r"""Interest at which flows have no present value: their internal rate of return.

    .. math:: \sum_{t=0}^{n-1} \frac{c_t}{(1+r)^t} = 0

    Where flows change sign more than once there may be several rates; :func:`irr_report` says how
    many. The one closest to zero is returned, as numpy-financial does, but in continuous terms, as
    ln(1 + r): so a good project with a small cost at the end is not said to lose 99%.

    Parameters
    ----------
    values : array_like
        USD in each period, shape (..., periods), the first one now; paid is negative.
    dim : str
        Name of the dimension that periods run along, where axes have names.
    guess, tol, maxiter : number
        Taken for numpy-financial's sake, and not needed: every rate above -1 is bracketed and
        found to the last digits.
    raise_exceptions : bool
        Whether to raise an error, rather than give NaN and a warning, where there is no rate.

    Returns
    -------
    array
        Rate a period as a fraction above -1, shape (...). NaN where there is none, with NumPy's
        *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If dimensions, lengths or labels do not fit together.
    NoRealSolutionError
        If there is no rate and `raise_exceptions` is true.

    Notes
    -----
    Source: names as in numpy-financial. All rates are bracketed by those of a chain of
    derivatives: G. Pólya, G. Szegő, *Problems and Theorems in Analysis II* (1976), part V, 75-77.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.irr([-100, 39, 59, 55, 20])), 5)
    0.28095
    """
    if not raise_exceptions:
        return along(_core.irr, {"values": values}, dim)
    return solved(
        lambda: along(_core.irr, {"values": values}, dim),
        NoRealSolutionError,
        "at no rate above -1 are the flows worth nothing",
    )


def xirr(
    dates: Values,
    amounts: Values,
    guess: float | None = None,
    day_count: DayCount = "act/365f",
    dim: str = "period",
) -> Values:
    r"""Interest a year at which dated flows have no present value.

    .. math:: \sum_k c_k\,(1+r)^{-(d_k - d_0)} = 0

    Of several rates the one is returned that :func:`irr` would.

    Parameters
    ----------
    dates : array_like
        Dates of the flows, in any order, shape (periods,) or, one set a row, (..., periods).
    amounts : array_like
        USD at each date, shape (..., periods); paid is negative.
    guess : number
        Taken for pyxirr's sake, and not needed.
    day_count : {"act/365f", "act/360", "act/act", "30e/360"}
        How days make years.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        Rate a year as a fraction above -1, shape (...). NaN where there is none, with NumPy's
        *invalid value* warning, or silently where a date is missing.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If dimensions, lengths or labels do not fit together.
    ValueError
        If `day_count` is unknown.

    Notes
    -----
    Source: names as in pyxirr; found as by :func:`irr`. Day counts after ISDA 2006, section 4.16.

    Examples
    --------
    >>> import overbuild as ob
    >>> days = ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"]
    >>> round(float(ob.capex.xirr(days, [-10_000, 2_750, 4_250, 3_250, 2_750])), 9)
    0.373362534
    """
    years, flows = years_of(dates, amounts, day_count, dim)
    return along(_core.xirr, {"dates": years, "amounts": flows}, dim)


def irr_report(cashflows: Values, dim: str = "period") -> pd.DataFrame | xr.Dataset:
    r"""Rates of return with what can be said against them.

    .. math:: \#\{r > -1 : \textstyle\sum_t c_t (1+r)^{-t} = 0\}

    Parameters
    ----------
    cashflows : array_like
        USD in each period, shape (..., periods), the first one now; paid is negative.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    DataFrame or Dataset
        For each row, shape (...), its ``rate`` (as of :func:`irr`), the number of ``roots`` above
        -1, and a ``status``: ok, several roots, no root (flows change sign, but no rate fits), no
        sign change, missing (a flow is NaN) or not converged (a flow is infinite). A Dataset for
        DataArrays and for more than one axis of rows.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If dimensions, lengths or labels do not fit together.

    Notes
    -----
    Source: as of :func:`irr`.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.irr_report([[-100, 60, 60], [100, -230, 132], [1, 2, 3]]).round(4)
         rate  roots          status
    0  0.1307    1.0              ok
    1  0.1000    2.0   several roots
    2     NaN    0.0  no sign change
    """
    with np.errstate(invalid="ignore"):
        rate = along(_core.irr, {"cashflows": cashflows}, dim)
        roots = along(_core.irr_count, {"cashflows": cashflows}, dim)
    named = isinstance(cashflows, xr.DataArray)
    values = np.asarray(cashflows, dtype=float)
    axis = cashflows.get_axis_num(dim) if named else -1
    incoming, outgoing = (values > 0).any(axis=axis), (values < 0).any(axis=axis)
    count = np.asarray(roots)
    status = np.select(
        [
            np.isnan(values).any(axis=axis),
            np.isinf(values).any(axis=axis),
            ~(incoming & outgoing),
            count == 0,
            count == 1,
        ],
        ["missing", "not converged", "no sign change", "no root", "ok"],
        "several roots",
    )
    columns = {"rate": rate, "roots": roots, "status": status}
    if named:
        return xr.Dataset(columns | {"status": rate.copy(data=status)})
    if np.ndim(rate) > 1:
        dims = [f"axis_{k}" for k in range(np.ndim(rate))]
        return xr.Dataset({name: (dims, np.asarray(column)) for name, column in columns.items()})
    return pd.DataFrame(
        {name: np.atleast_1d(column) for name, column in columns.items()},
        index=getattr(rate, "index", None),
    )
