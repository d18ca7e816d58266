"""Level payments: what loans cost and savings grow to, as numpy-financial defines them.

Money received is positive and money paid negative. All functions broadcast all arguments, keep
their digits at small rates, and take ``when`` as numpy-financial does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from overbuild import _core
from overbuild._calls import Values, elementwise
from overbuild.capex._errors import IterationsExceededError, solved

_WHEN = {"end": 0, "e": 0, "finish": 0, "begin": 1, "b": 1, "beginning": 1, "start": 1}


def time_of_payment(when: Values) -> Values:
    """Return words for the time of payment as 0 and 1."""
    words = np.asarray(when, dtype=object) if isinstance(when, list | tuple) else np.asarray(when)
    if words.dtype.kind not in "USO":
        return when
    try:
        numbers = [_WHEN[w] if isinstance(w, str) else float(w) for w in words.flat]
        return np.array(numbers, dtype=float).reshape(words.shape)
    except (KeyError, TypeError, ValueError):
        msg = f"when must be 'end' or 'begin', or 0 or 1, got {when!r}"
        raise ValueError(msg) from None


def fv(
    rate: Values, nper: Values, pmt: Values, pv: Values, when: Values = "end", **ufunc_keywords: Any
) -> Values:
    r"""Value at the end of level payments and of a value at the beginning.

    .. math:: fv + pv\,(1+r)^n + pmt\,(1 + r\,w)\,\frac{(1+r)^n - 1}{r} = 0

    Parameters
    ----------
    rate : array_like
        Interest a period, a fraction above -1; any shape.
    nper : array_like
        Number of periods.
    pmt : array_like
        Payment each period in USD; paid out is negative.
    pv : array_like
        USD at the beginning; received is positive.
    when : {"end", "begin"}, 0, 1 or array_like
        Whether payments come at the end (0) or the beginning (1) of each period, one word or
        number for each share of the result.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD at the end, in the arguments' common shape. NaN where an argument is out of range, with
        NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `when` is a word that is not known.

    Notes
    -----
    Source: the names, order and signs of numpy-financial and of spreadsheets; OpenDocument 1.3,
    part 4, section 6.12.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.fv(0.05 / 12, 10 * 12, -100, -100)), 6)
    15692.928894
    """
    when = time_of_payment(when)
    return elementwise(
        _core.fv,
        ufunc_keywords,
        rate=rate,
        nper=nper,
        pmt=pmt,
        pv=pv,
        when=when,
    )


def pv(
    rate: Values,
    nper: Values,
    pmt: Values,
    fv: Values = 0.0,
    when: Values = "end",
    **ufunc_keywords: Any,
) -> Values:
    r"""Value at the beginning of level payments and of a value at the end.

    .. math:: fv + pv\,(1+r)^n + pmt\,(1 + r\,w)\,\frac{(1+r)^n - 1}{r} = 0

    Parameters
    ----------
    rate : array_like
        Interest a period, a fraction above -1; any shape.
    nper : array_like
        Number of periods.
    pmt : array_like
        Payment each period in USD; paid out is negative.
    fv : array_like
        USD at the end.
    when : {"end", "begin"}, 0, 1 or array_like
        Whether payments come at the end (0) or the beginning (1) of each period, one word or
        number for each share of the result.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD at the beginning, in the arguments' common shape. NaN where an argument is out of
        range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `when` is a word that is not known.

    Notes
    -----
    Source: the names, order and signs of numpy-financial and of spreadsheets; OpenDocument 1.3,
    part 4, section 6.12.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.pv(0.05 / 12, 10 * 12, -100, 15692.93)), 4)
    -100.0007
    """
    when = time_of_payment(when)
    return elementwise(
        _core.pv,
        ufunc_keywords,
        rate=rate,
        nper=nper,
        pmt=pmt,
        fv=fv,
        when=when,
    )


def pmt(
    rate: Values,
    nper: Values,
    pv: Values,
    fv: Values = 0.0,
    when: Values = "end",
    **ufunc_keywords: Any,
) -> Values:
    r"""Level payment that takes a value at the beginning to one at the end.

    .. math:: fv + pv\,(1+r)^n + pmt\,(1 + r\,w)\,\frac{(1+r)^n - 1}{r} = 0

    Parameters
    ----------
    rate : array_like
        Interest a period, a fraction above -1; any shape.
    nper : array_like
        Number of periods.
    pv : array_like
        USD at the beginning; received is positive.
    fv : array_like
        USD at the end.
    when : {"end", "begin"}, 0, 1 or array_like
        Whether payments come at the end (0) or the beginning (1) of each period, one word or
        number for each share of the result.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD each period, in the arguments' common shape. NaN where an argument is out of range,
        with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `when` is a word that is not known.

    Notes
    -----
    Source: the names, order and signs of numpy-financial and of spreadsheets; OpenDocument 1.3,
    part 4, section 6.12.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.pmt(0.075 / 12, 12 * 15, 200_000)), 6)
    -1854.02472
    """
    when = time_of_payment(when)
    return elementwise(
        _core.pmt,
        ufunc_keywords,
        rate=rate,
        nper=nper,
        pv=pv,
        fv=fv,
        when=when,
    )


def nper(
    rate: Values,
    pmt: Values,
    pv: Values,
    fv: Values = 0.0,
    when: Values = "end",
    **ufunc_keywords: Any,
) -> Values:
    r"""How many level payments take a value at the beginning to one at the end.

    .. math:: fv + pv\,(1+r)^n + pmt\,(1 + r\,w)\,\frac{(1+r)^n - 1}{r} = 0

    Parameters
    ----------
    rate : array_like
        Interest a period, a fraction above -1; any shape.
    pmt : array_like
        Payment each period in USD; paid out is negative.
    pv : array_like
        USD at the beginning; received is positive.
    fv : array_like
        USD at the end.
    when : {"end", "begin"}, 0, 1 or array_like
        Whether payments come at the end (0) or the beginning (1) of each period, one word or
        number for each share of the result.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        Periods, not whole in general, in the arguments' common shape. NaN also where payments
        never get there, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `when` is a word that is not known.

    Notes
    -----
    Source: the names, order and signs of numpy-financial and of spreadsheets; OpenDocument 1.3,
    part 4, section 6.12.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.nper(0.07 / 12, -150, 8_000)), 5)
    64.07335
    """
    when = time_of_payment(when)
    return elementwise(
        _core.nper,
        ufunc_keywords,
        rate=rate,
        pmt=pmt,
        pv=pv,
        fv=fv,
        when=when,
    )


def rate(
    nper: Values,
    pmt: Values,
    pv: Values,
    fv: Values,
    when: Values = "end",
    guess: float | None = None,
    tol: float | None = None,
    maxiter: int = 100,
    *,
    raise_exceptions: bool = False,
) -> Values:
    r"""Interest a period at which level payments take a value at the beginning to one at the end.

    .. math:: fv + pv\,(1+r)^n + pmt\,(1 + r\,w)\,\frac{(1+r)^n - 1}{r} = 0

    Parameters
    ----------
    nper : array_like
        Number of periods, above 0 and up to 100,000; any shape.
    pmt : array_like
        Payment each period in USD; paid out is negative.
    pv : array_like
        USD at the beginning; received is positive.
    fv : array_like
        USD at the end.
    when : {"end", "begin"}, 0, 1 or array_like
        Whether payments come at the end (0) or the beginning (1) of each period, one word or
        number for each share of the result.
    guess, tol, maxiter : number
        Taken for numpy-financial's sake, and not needed: every rate above -1 is bracketed and
        found to the last digits.
    raise_exceptions : bool
        Whether to raise an error, rather than give NaN and a warning, where there is no rate.

    Returns
    -------
    array
        Rate as a fraction, in the arguments' common shape; of two as by :func:`irr`. NaN
        where there is none or an argument is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `when` is a word that is not known.
    IterationsExceededError
        If there is no rate and `raise_exceptions` is true.

    Notes
    -----
    Source: the names, order and signs of numpy-financial and of spreadsheets; OpenDocument 1.3,
    part 4, section 6.12.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.rate(10, 0, -3_500, 10_000)), 6)
    0.110691
    """
    operands = {"nper": nper, "pmt": pmt, "pv": pv, "fv": fv, "when": time_of_payment(when)}
    if not raise_exceptions:
        return elementwise(_core.rate, {}, **operands)
    return solved(
        lambda: elementwise(_core.rate, {}, **operands),
        IterationsExceededError,
        "no rate above -1 balances the payments",
    )


def capital_recovery_factor(rate: Values, periods: Values, **ufunc_keywords: Any) -> Values:
    r"""Level payment at the end of each period that repays one dollar.

    .. math:: \frac{r}{1 - (1+r)^{-n}}

    Parameters
    ----------
    rate : array_like
        Interest a period, a fraction above -1; any shape.
    periods : array_like
        Number of periods, above 0.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        USD a period for each USD of capital, in the arguments' common shape. NaN where an argument
        is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: W. Short, D. Packey, T. Holt, *A Manual for the Economic Evaluation of Energy
    Efficiency and Renewable Energy Technologies* (1995), section 3.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.capital_recovery_factor([0.0, 0.05, 0.1], 10).round(5)
    array([0.1    , 0.1295 , 0.16275])
    """
    return elementwise(
        _core.capital_recovery_factor,
        ufunc_keywords,
        rate=rate,
        periods=periods,
    )
