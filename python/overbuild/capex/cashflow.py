"""Streams of payments: what they are worth, and how soon they pay back.

Flows run along the last axis or a named dimension, the first of them now.
"""

from __future__ import annotations

from overbuild import _core
from overbuild._calls import Values, along
from overbuild.capex._dates import DayCount, years_of
from overbuild.capex._errors import NoRealSolutionError, solved


def npv(rate: Values, values: Values, dim: str = "period") -> Values:
    r"""Net present value of flows, the first of which comes now.

    .. math:: \sum_{t=0}^{n-1} \frac{c_t}{(1+r)^t}

    Parameters
    ----------
    rate : array_like
        Interest a period, a fraction above -1; broadcasts with the rows.
    values : array_like
        USD in each period, shape (..., periods), the first one now; paid is negative.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        USD now, shape (...). NaN where an argument is out of range, with NumPy's *invalid value*
        warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If dimensions, lengths or labels do not fit together.

    Notes
    -----
    Source: numpy-financial, and spreadsheets; a spreadsheet's NPV lets the first flow come after
    one period.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.npv(0.08, [-40_000, 5_000, 8_000, 12_000, 30_000])), 5)
    3065.22267
    """
    return along(_core.npv, {"rate": rate, "values": values}, dim)


def xnpv(
    rate: Values,
    dates: Values,
    amounts: Values,
    day_count: DayCount = "act/365f",
    dim: str = "period",
) -> Values:
    r"""Net present value of dated flows, at the first date.

    .. math:: \sum_k c_k\,(1+r)^{-(d_k - d_0)}

    Parameters
    ----------
    rate : array_like
        Interest a year, a fraction above -1; broadcasts with the rows.
    dates : array_like
        Dates of the flows, in any order, shape (periods,) or, one set a row, (..., periods).
    amounts : array_like
        USD at each date, shape (..., periods); paid is negative.
    day_count : {"act/365f", "act/360", "act/act", "30e/360"}
        How days make years.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        USD at the first date, shape (...). NaN where an argument is out of range, with NumPy's
        *invalid value* warning.

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
    Source: pyxirr, and the XNPV of spreadsheets; day counts after ISDA 2006, section 4.16.

    Examples
    --------
    >>> import overbuild as ob
    >>> days = ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"]
    >>> round(float(ob.capex.xnpv(0.09, days, [-10_000, 2_750, 4_250, 3_250, 2_750])), 3)
    2086.648
    """
    years, flows = years_of(dates, amounts, day_count, dim)
    return along(_core.xnpv, {"rate": rate, "dates": years, "amounts": flows}, dim)


def mirr(
    values: Values,
    finance_rate: Values,
    reinvest_rate: Values,
    dim: str = "period",
    *,
    raise_exceptions: bool = False,
) -> Values:
    r"""Growth a period with rates to finance and to reinvest at: the modified rate of return.

    .. math:: \left(\frac{\sum_{c_t>0} c_t (1+r_i)^{-t}}
              {-\sum_{c_t<0} c_t (1+r_f)^{-t}}\right)^{1/(n-1)}
              (1+r_i) - 1

    Parameters
    ----------
    values : array_like
        USD in each period, shape (..., periods), the first one now; paid is negative.
    finance_rate : array_like
        Interest a period on what is paid, a fraction above -1.
    reinvest_rate : array_like
        Interest a period on what is received, a fraction above -1.
    dim : str
        Name of the dimension that periods run along, where axes have names.
    raise_exceptions : bool
        Whether to raise an error, rather than give NaN and a warning, where flows have one sign
        only.

    Returns
    -------
    array
        Rate a period as a fraction, shape (...). NaN where flows have one sign only or an argument
        is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If dimensions, lengths or labels do not fit together.
    NoRealSolutionError
        If flows have one sign only and `raise_exceptions` is true.

    Notes
    -----
    Source: numpy-financial, and spreadsheets.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.mirr([-100, 50, -60, 70], 0.10, 0.12)), 9)
    -0.039093666
    """
    operands = {
        "values": values,
        "finance_rate": finance_rate,
        "reinvest_rate": reinvest_rate,
    }
    if not raise_exceptions:
        return along(_core.mirr, operands, dim)
    return solved(
        lambda: along(_core.mirr, operands, dim), NoRealSolutionError, "flows have one sign only"
    )


def payback(values: Values, dim: str = "period") -> Values:
    r"""Periods until flows have made up for what they cost, in a straight line within a period.

    .. math:: \min \{t : \textstyle\sum_{s \le t} c_s \ge 0\}

    Parameters
    ----------
    values : array_like
        USD in each period, shape (..., periods), the first one now; paid is negative.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        Number of periods, shape (...): 0 where nothing is ever owed, infinite where it is never
        made up for.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If dimensions, lengths or labels do not fit together.

    Notes
    -----
    Source: R. Brealey, S. Myers, F. Allen, *Principles of Corporate Finance*, chapter 5.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.payback([-100, 40, 40, 40])
    np.float64(2.5)
    """
    return along(_core.payback, {"values": values}, dim)


def discounted_payback(rate: Values, values: Values, dim: str = "period") -> Values:
    r"""Periods until discounted flows have made up for what they cost.

    .. math:: \min \{t : \textstyle\sum_{s \le t} c_s (1+r)^{-s} \ge 0\}

    Parameters
    ----------
    rate : array_like
        Interest a period, a fraction above -1; broadcasts with the rows.
    values : array_like
        USD in each period, shape (..., periods), the first one now; paid is negative.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        Number of periods, shape (...), in a straight line within a period: 0 where nothing is ever
        owed, infinite where it is never made up for. NaN where the rate is out of range, with
        NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If dimensions, lengths or labels do not fit together.

    Notes
    -----
    Source: R. Brealey, S. Myers, F. Allen, *Principles of Corporate Finance*, chapter 5.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.discounted_payback(0.1, [-100, 40, 40, 60])), 4)
    2.6783
    """
    return along(_core.discounted_payback, {"rate": rate, "values": values}, dim)


def profitability_index(rate: Values, values: Values, dim: str = "period") -> Values:
    r"""Present value of what comes later, for each dollar paid now.

    .. math:: \frac{\sum_{t \ge 1} c_t (1+r)^{-t}}{-c_0}

    Parameters
    ----------
    rate : array_like
        Interest a period, a fraction above -1; broadcasts with the rows.
    values : array_like
        USD in each period, shape (..., periods); the first one is paid now and negative.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        Ratio, shape (...); above 1 the net present value is above 0. NaN where an argument is out
        of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If dimensions, lengths or labels do not fit together.

    Notes
    -----
    Source: R. Brealey, S. Myers, F. Allen, *Principles of Corporate Finance*, chapter 5.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.profitability_index(0.1, [-100, 55, 121])), 9)
    1.5
    """
    return along(_core.profitability_index, {"rate": rate, "values": values}, dim)
