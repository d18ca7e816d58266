"""Loans: schedules of what is owed and paid, and whether income covers it."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from overbuild import _core
from overbuild._calls import Values, along, at_least_one, elementwise, spread

_KINDS = {"level": 0.0, "linear": 1.0, "bullet": 2.0}


@dataclasses.dataclass(frozen=True, eq=False)
class Loan:
    """A loan period by period; all in USD, shape (..., periods).

    Attributes
    ----------
    balance : array
        Owed at the end of each period, after what is paid then.
    interest : array
        Interest paid at the end of each period.
    principal : array
        Repaid at the end of each period.
    """

    balance: Values
    interest: Values
    principal: Values

    @property
    def payment(self) -> Values:
        """Interest and repayment together."""
        return self.interest + self.principal


def amortization(
    principal: Values,
    rate: Values,
    periods: int,
    kind: Literal["level", "linear", "bullet"] = "level",
) -> Loan:
    r"""Schedule of a loan that is repaid over a number of periods.

    .. math:: B_k = P\,\frac{1 - (1+r)^{-(n-k)}}{1 - (1+r)^{-n}}

    Parameters
    ----------
    principal : array_like
        USD borrowed at the beginning, at least 0; any shape.
    rate : array_like
        Interest a period, a fraction above -1.
    periods : int
        Number of periods to repay over, at least 1.
    kind : {"level", "linear", "bullet"}
        Equal payments, equal repayments, or all at the end.

    Returns
    -------
    Loan
        Balance, interest and principal in USD, each of shape (..., periods). NaN where an argument
        is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `periods` is below 1 or `kind` is unknown.

    Notes
    -----
    Source: elementary; the formula is that of equal payments.

    Examples
    --------
    >>> import overbuild as ob
    >>> loan = ob.capex.amortization(1_000, 0.1, periods=3)
    >>> loan.balance.round(2), loan.payment.round(2)
    (array([697.89, 365.56,   0.  ]), array([402.11, 402.11, 402.11]))
    """
    if kind not in _KINDS:
        msg = f"kind must be 'level', 'linear' or 'bullet', got {kind!r}"
        raise ValueError(msg)
    size = at_least_one(periods)
    operands = {"principal": principal, "rate": rate, "periods": float(size), "kind": _KINDS[kind]}
    return Loan(
        balance=spread(_core.amortization_balance, operands, size),
        interest=spread(_core.amortization_interest, operands, size),
        principal=spread(_core.amortization_principal, operands, size),
    )


def delayed_draw(
    draws: Values,
    rate: Values,
    availability: Values,
    term: Values,
    dim: str = "period",
    when: Literal["end", "begin"] = "end",
) -> Loan:
    r"""Schedule of a delayed-draw term loan: each draw is repaid over its own term.

    .. math:: p_t = \sum_{k=1}^{n} \frac{d_{t-k}}{n}, \qquad i_t = r_t\,B_{t-1}

    for draws at the end of a period. One at the beginning of period :math:`t` is owed, and its
    first payment due, at the end of that period.

    Parameters
    ----------
    draws : array_like
        USD drawn in each period, shape (..., periods); at least 0.
    rate : array_like
        Interest a period as a fraction: one, or one for each period.
    availability : array_like
        Number of periods in which draws are allowed.
    term : array_like
        Number of periods, whole, over which each draw is repaid in equal parts, the first one a
        period after the draw.
    dim : str
        Name of the dimension that periods run along, where axes have names.
    when : {"end", "begin"}
        Whether draws come at the end or at the beginning of their period.

    Returns
    -------
    Loan
        Balance, interest and principal in USD, each of shape (..., periods). NaN where a draw
        comes too late or an argument is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If numbers of periods or labels differ, or `when` is neither of these.

    Notes
    -----
    Source: the terms of such loans, as in CoreWeave's 8-K of 2 October 2025: each draw has a
    maturity of its own.

    Examples
    --------
    >>> import overbuild as ob
    >>> loan = ob.capex.delayed_draw([100, 40, 0, 0, 0], 0.1, availability=2, term=2)
    >>> loan.balance, loan.interest
    (array([100.,  90.,  20.,   0.,   0.]), array([ 0., 10.,  9.,  2.,  0.]))
    """
    if when not in ("end", "begin"):
        msg = f"when must be 'end' or 'begin', got {when!r}"
        raise ValueError(msg)
    at_begin = when == "begin"
    operands = {
        "draws": draws,
        "availability": availability,
        "term": term,
        "when": float(at_begin),
    }
    balance = along(_core.delayed_draw_balance, operands, dim)
    principal = along(_core.delayed_draw_principal, operands, dim)
    owed_before = balance + principal - (0.0 if at_begin else draws)
    return Loan(balance=balance, interest=owed_before * rate, principal=principal)


def interest_coverage(operating_income: Values, interest: Values, **ufunc_keywords: Any) -> Values:
    r"""How many times operating income covers interest.

    .. math:: \frac{EBIT}{i}

    Parameters
    ----------
    operating_income : array_like
        USD of income before interest and tax, any shape.
    interest : array_like
        USD of interest in the same time, at least 0.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        Ratio in the arguments' common shape; infinite without interest. NaN where an argument is
        out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> round(float(ob.capex.interest_coverage(324.4e6, 360.8e6)), 4)
    0.8991
    """
    return elementwise(
        _core.interest_coverage,
        ufunc_keywords,
        operating_income=operating_income,
        interest=interest,
    )


def debt_service_coverage(
    cash_flow: Values, interest: Values, principal: Values, **ufunc_keywords: Any
) -> Values:
    r"""How many times cash covers interest and repayment.

    .. math:: \frac{CF}{i + p}

    Parameters
    ----------
    cash_flow : array_like
        USD of cash before debt service, any shape.
    interest : array_like
        USD of interest in the same time, at least 0.
    principal : array_like
        USD repaid in the same time, at least 0.
    **ufunc_keywords
        ``out``, ``where`` and others of :class:`numpy.ufunc`.

    Returns
    -------
    array
        Ratio in the arguments' common shape; infinite without debt service. NaN where an argument
        is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> float(ob.capex.debt_service_coverage(300.0, 100.0, 50.0))
    2.0
    """
    return elementwise(
        _core.debt_service_coverage,
        ufunc_keywords,
        cash_flow=cash_flow,
        interest=interest,
        principal=principal,
    )
