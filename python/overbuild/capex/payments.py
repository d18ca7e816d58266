"""What each of the level payments of a loan consists of."""

from __future__ import annotations

from typing import Any

from overbuild import _core
from overbuild._calls import Values, elementwise
from overbuild.capex.annuity import time_of_payment


def ipmt(
    rate: Values,
    per: Values,
    nper: Values,
    pv: Values,
    fv: Values = 0.0,
    when: Values = "end",
    **ufunc_keywords: Any,
) -> Values:
    r"""Interest in one of the level payments.

    .. math:: i_k = r\,B_{k-1}\,(1 + r\,w)^{-1}

    Parameters
    ----------
    rate : array_like
        Interest a period, a fraction above -1; any shape.
    per : array_like
        Number of the payment, from 1 to `nper`.
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
        USD of interest in that payment, in the arguments' common shape. NaN where an argument is
        out of range, with NumPy's *invalid value* warning.

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
    >>> ob.capex.ipmt(0.0824 / 12, [1, 2, 12], 12, 2_500).round(2)
    array([-17.17, -15.79,  -1.49])
    """
    when = time_of_payment(when)
    return elementwise(
        _core.ipmt,
        ufunc_keywords,
        rate=rate,
        per=per,
        nper=nper,
        pv=pv,
        fv=fv,
        when=when,
    )


def ppmt(
    rate: Values,
    per: Values,
    nper: Values,
    pv: Values,
    fv: Values = 0.0,
    when: Values = "end",
    **ufunc_keywords: Any,
) -> Values:
    r"""Repayment in one of the level payments.

    .. math:: p_k = pmt - i_k

    Parameters
    ----------
    rate : array_like
        Interest a period, a fraction above -1; any shape.
    per : array_like
        Number of the payment, from 1 to `nper`.
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
        USD repaid in that payment, in the arguments' common shape. NaN where an argument is out of
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
    >>> ob.capex.ppmt(0.0824 / 12, [1, 2, 12], 12, 2_500).round(2)
    array([-200.58, -201.96, -216.26])
    """
    when = time_of_payment(when)
    return elementwise(
        _core.ppmt,
        ufunc_keywords,
        rate=rate,
        per=per,
        nper=nper,
        pv=pv,
        fv=fv,
        when=when,
    )
