"""Depreciation schedules over periods."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from overbuild import _core
from overbuild._calls import Values, along, at_least_one, elementwise, spread
from overbuild.capex._macrs import percentages


def straight_line(cost: Values, salvage: Values, life: Values, periods: int) -> Values:
    r"""Straight-line depreciation in each period; the last one may be used in part.

    .. math:: \frac{C - S}{n}\,\left|[k, k+1] \cap [0, n]\right|

    Parameters
    ----------
    cost : array_like
        USD paid, any shape.
    salvage : array_like
        USD that it is worth in the end.
    life : array_like
        Useful life, a number of periods above 0.
    periods : int
        Number of periods to give, at least 1.

    Returns
    -------
    array
        USD in each period, shape (..., periods): the new last axis is dimension ``period`` of a
        DataArray, the columns of a DataFrame for a Series. NaN where an argument is out of range,
        with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `periods` is below 1.

    Notes
    -----
    Source: definition; IAS 16, paragraph 62.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.straight_line(900, 0, life=4.5, periods=6)
    array([200., 200., 200., 200., 100.,   0.])
    """
    return spread(
        _core.straight_line, {"cost": cost, "salvage": salvage, "life": life}, at_least_one(periods)
    )


def declining_balance(
    cost: Values, salvage: Values, life: Values, periods: int, factor: Values = 2.0
) -> Values:
    r"""Declining-balance depreciation in each period, straight line where that is more.

    .. math:: \max\left(B_{k-1}\,\frac{f}{n},\; \frac{B_{k-1} - S}{n - k + 1}\right)

    Parameters
    ----------
    cost : array_like
        USD paid, any shape.
    salvage : array_like
        USD that it is worth in the end; at most `cost`.
    life : array_like
        Useful life, a number of periods above 0.
    periods : int
        Number of periods to give, at least 1.
    factor : array_like
        Rate of decline as a number times that of the straight line.

    Returns
    -------
    array
        USD in each period, shape (..., periods): the new last axis is dimension ``period`` of a
        DataArray, the columns of a DataFrame for a Series. NaN where an argument is out of range,
        with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `periods` is below 1.

    Notes
    -----
    Source: as :func:`vdb`; IAS 16, paragraph 62.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.declining_balance(1_000, 0, life=5, periods=5).round(1)
    array([400., 240., 144., 108., 108.])
    """
    return spread(
        _core.declining_balance,
        {"cost": cost, "salvage": salvage, "life": life, "factor": factor},
        at_least_one(periods),
    )


def sum_of_years_digits(cost: Values, salvage: Values, life: Values, periods: int) -> Values:
    r"""Sum-of-years'-digits depreciation in each period.

    .. math:: (C - S)\,\frac{2\,(n - k + 1)}{n\,(n + 1)}

    Parameters
    ----------
    cost : array_like
        USD paid, any shape.
    salvage : array_like
        USD that it is worth in the end.
    life : array_like
        Useful life, a whole number of periods.
    periods : int
        Number of periods to give, at least 1.

    Returns
    -------
    array
        USD in each period, shape (..., periods): the new last axis is dimension ``period`` of a
        DataArray, the columns of a DataFrame for a Series. NaN where an argument is out of range,
        with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `periods` is below 1.

    Notes
    -----
    Source: as :func:`syd`.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.sum_of_years_digits(1_500, 0, life=5, periods=6)
    array([500., 400., 300., 200., 100.,   0.])
    """
    return spread(
        _core.sum_of_years_digits,
        {"cost": cost, "salvage": salvage, "life": life},
        at_least_one(periods),
    )


def macrs(
    cost: Values,
    recovery_years: int,
    convention: Literal["half-year", "mid-quarter"] = "half-year",
    quarter: int | None = None,
) -> Values:
    r"""United States tax depreciation in each year, by the printed tables.

    .. math:: C\,p_k

    Parameters
    ----------
    cost : array_like
        USD paid, any shape.
    recovery_years : int
        Recovery class as a number of years: 3, 5, 7, 10, 15 or 20.
    convention : {"half-year", "mid-quarter"}
        When in the first year property is taken to be placed in service.
    quarter : int
        Quarter in which it is, a number from 1 to 4, with mid-quarter; the first if not given.

    Returns
    -------
    array
        USD in each year, shape (..., recovery_years + 1): dimension ``period`` of a DataArray.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If there is no table for that class, convention and quarter, or a quarter is given with
        half-year.

    Notes
    -----
    Source: IRS Publication 946 (2025), tables A-1 to A-5; the printed percentages, whose rounding
    no formula gives.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.macrs(100, 5)
    array([20.  , 32.  , 19.2 , 11.52, 11.52,  5.76])
    """
    if convention not in ("half-year", "mid-quarter"):
        msg = f"convention must be 'half-year' or 'mid-quarter', got {convention!r}"
        raise ValueError(msg)
    if convention == "half-year" and quarter is not None:
        msg = (
            f"a quarter goes with 'mid-quarter', but quarter {quarter!r} is given with 'half-year'"
        )
        raise ValueError(msg)
    if convention == "mid-quarter" and quarter is None:
        quarter = 1
    recovery_years = at_least_one(recovery_years, "recovery_years")
    table = percentages().get((convention, quarter or 0), {})
    if recovery_years not in table:
        known = ", ".join(str(years) for years in table) or "none"
        msg = (
            f"no table for recovery_years {recovery_years}, {convention!r}, quarter {quarter}; "
            f"there are classes {known}"
        )
        raise ValueError(msg)
    shares = np.array(table[recovery_years]) / 100
    if isinstance(cost, xr.DataArray):
        return cost * xr.DataArray(shares, dims="period")
    values = elementwise(np.multiply, {}, cost=cost, one=1.0)
    if hasattr(values, "__dask_graph__"):
        return values[..., np.newaxis] * shares
    rows = np.asarray(values)[..., np.newaxis] * shares
    return pd.DataFrame(rows, index=values.index) if isinstance(values, pd.Series) else rows


def units_of_production(
    units: Values, cost: Values, salvage: Values, total_units: Values, dim: str = "period"
) -> Values:
    r"""Depreciation by use: cost less salvage by units made, until the total is reached.

    .. math:: (C - S)\,\frac{u_k}{U}

    Parameters
    ----------
    units : array_like
        Number of units made in each period, such as GPU-hours; shape (..., periods), at least 0.
    cost : array_like
        USD paid, shape (...).
    salvage : array_like
        USD that it is worth in the end.
    total_units : array_like
        Number of units that it can make, above 0.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        USD in each period, shape (..., periods). NaN where an argument is out of range, with
        NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If numbers of periods or labels differ.

    Notes
    -----
    Source: IAS 16, paragraph 62.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.units_of_production([30, 50, 40], 1_000, 0, 100)
    array([300., 500., 200.])
    """
    operands = {"units": units, "cost": cost, "salvage": salvage, "total_units": total_units}
    return along(_core.units_of_production, operands, dim)


def change_of_life(
    cost: Values, salvage: Values, life: Values, new_life: Values, change: Values, periods: int
) -> Values:
    r"""Straight-line depreciation whose useful life is changed midway, prospectively.

    .. math:: \frac{C - S}{n}\ (k < c), \qquad \frac{B_c - S}{n' - c}\ (k \ge c)

    Parameters
    ----------
    cost : array_like
        USD paid, any shape.
    salvage : array_like
        USD that it is worth in the end.
    life : array_like
        Useful life at first, a number of periods above 0.
    new_life : array_like
        Useful life from the change on, a number of periods counted from the purchase, above
        `change`.
    change : array_like
        Number of periods after which it is changed, from 0 to `life`.
    periods : int
        Number of periods to give, at least 1.

    Returns
    -------
    array
        USD in each period, shape (..., periods): the new last axis is dimension ``period`` of a
        DataArray, the columns of a DataFrame for a Series. NaN where an argument is out of range,
        with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `periods` is below 1.

    Notes
    -----
    Source: IAS 8, paragraphs 36-38: a change of estimate changes no past period.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.change_of_life(1_200, 0, life=4, new_life=6, change=2, periods=6)
    array([300., 300., 150., 150., 150., 150.])
    """
    operands = {
        "cost": cost,
        "salvage": salvage,
        "life": life,
        "new_life": new_life,
        "change": change,
    }
    return spread(_core.change_of_life, operands, at_least_one(periods))
