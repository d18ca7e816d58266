"""Depreciation as spreadsheets define it: one period, or one span of time, at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from overbuild import _core
from overbuild._calls import Values, elementwise


def sln(cost: Values, salvage: Values, life: Values, **ufunc_keywords: Any) -> Values:
    r"""Straight-line depreciation in each period.

    .. math:: \frac{C - S}{n}

    Parameters
    ----------
    cost : array_like
        USD paid, any shape.
    salvage : array_like
        USD that it is worth in the end.
    life : array_like
        Useful life, a number of periods above 0.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD a period, in the arguments' common shape. NaN where an argument is out of range, with
        NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: OpenDocument 1.3, part 4, section 6.12, and spreadsheets.

    Examples
    --------
    >>> import overbuild as ob
    >>> float(ob.capex.sln(30_000, 7_500, 10))
    2250.0
    """
    return elementwise(
        _core.sln,
        ufunc_keywords,
        cost=cost,
        salvage=salvage,
        life=life,
    )


def syd(cost: Values, salvage: Values, life: Values, per: Values, **ufunc_keywords: Any) -> Values:
    r"""Sum-of-years'-digits depreciation in one period.

    .. math:: (C - S)\,\frac{2\,(n - k + 1)}{n\,(n + 1)}

    Parameters
    ----------
    cost : array_like
        USD paid, any shape.
    salvage : array_like
        USD that it is worth in the end.
    life : array_like
        Useful life, a number of periods above 0.
    per : array_like
        Number of the period, from 1 to `life`.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD, in the arguments' common shape. NaN where an argument is out of range, with NumPy's
        *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: OpenDocument 1.3, part 4, section 6.12, and spreadsheets.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.syd(30_000, 7_500, 10, 1)), 2)
    4090.91
    """
    return elementwise(
        _core.syd,
        ufunc_keywords,
        cost=cost,
        salvage=salvage,
        life=life,
        per=per,
    )


def db(
    cost: Values,
    salvage: Values,
    life: Values,
    period: Values,
    month: Values = 12.0,
    **ufunc_keywords: Any,
) -> Values:
    r"""Fixed-declining-balance depreciation in one period, at a rate of three digits.

    .. math:: r = 1 - (S/C)^{1/n}

    Parameters
    ----------
    cost : array_like
        USD paid, any shape.
    salvage : array_like
        USD that it is worth in the end; at most `cost`.
    life : array_like
        Useful life, a number of periods above 0 and up to 100,000.
    period : array_like
        Number of the period, from 1 to `life`, or one more if the first year is short; whole, as
        spreadsheets cut it.
    month : array_like
        Number of months in the first year, from 1 to 12.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD, in the arguments' common shape. NaN where an argument is out of range, with NumPy's
        *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: OpenDocument 1.3, part 4, section 6.12, and spreadsheets.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.db(1_000_000, 100_000, 6, [1, 2, 7], 7).round(2)
    array([186083.33, 259639.42,  15845.1 ])
    """
    return elementwise(
        _core.db,
        ufunc_keywords,
        cost=cost,
        salvage=salvage,
        life=life,
        period=period,
        month=month,
    )


def ddb(
    cost: Values,
    salvage: Values,
    life: Values,
    period: Values,
    factor: Values = 2.0,
    **ufunc_keywords: Any,
) -> Values:
    r"""Declining-balance depreciation in one period, doubled unless told otherwise.

    .. math:: \min\left(B_{k-1}\,\frac{f}{n},\; B_{k-1} - S\right)

    Parameters
    ----------
    cost : array_like
        USD paid, any shape.
    salvage : array_like
        USD that it is worth in the end; at most `cost`.
    life : array_like
        Useful life, a number of periods above 0 and up to 100,000.
    period : array_like
        Number of the period, from 1 to `life`.
    factor : array_like
        Rate of decline as a number times that of the straight line.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD, in the arguments' common shape. NaN where an argument is out of range, with NumPy's
        *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: OpenDocument 1.3, part 4, section 6.12, and spreadsheets.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.ddb(2_400, 300, 10, [1, 2, 10]).round(2)
    array([480.  , 384.  ,  22.12])
    """
    return elementwise(
        _core.ddb,
        ufunc_keywords,
        cost=cost,
        salvage=salvage,
        life=life,
        period=period,
        factor=factor,
    )


def vdb(
    cost: Values,
    salvage: Values,
    life: Values,
    start_period: Values,
    end_period: Values,
    factor: Values = 2.0,
    no_switch: bool = False,
    **ufunc_keywords: Any,
) -> Values:
    r"""Declining-balance depreciation over a span of time, then straight line where that is more.

    .. math:: \sum_k \max\left(B_{k-1}\,\frac{f}{n},\; \frac{B_{k-1} - S}{n - k + 1}\right)

    Parameters
    ----------
    cost : array_like
        USD paid, any shape.
    salvage : array_like
        USD that it is worth in the end; at most `cost`.
    life : array_like
        Useful life, a number of periods above 0 and up to 100,000.
    start_period, end_period : array_like
        Span in a number of periods from 0, in fractions if wanted, within `life`.
    factor : array_like
        Rate of decline as a number times that of the straight line.
    no_switch : bool
        Whether to stay with the declining balance.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD, in the arguments' common shape. NaN where an argument is out of range, with NumPy's
        *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: OpenDocument 1.3, part 4, section 6.12, and spreadsheets. Of a period within which a
    span begins or ends its part counts, as in LibreOffice.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.vdb(2_400, 300, 120, 6, 18).round(2)
    np.float64(396.31)
    """
    if not isinstance(no_switch, bool | np.bool_):
        msg = f"no_switch must be True or False, got {no_switch!r:.80}"
        raise TypeError(msg)
    kernel = _core.vdb_no_switch if no_switch else _core.vdb
    return elementwise(
        kernel,
        ufunc_keywords,
        cost=cost,
        salvage=salvage,
        life=life,
        start_period=start_period,
        end_period=end_period,
        factor=factor,
    )
