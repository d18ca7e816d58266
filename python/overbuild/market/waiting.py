"""Buy now, or the next generation later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from overbuild import _core
from overbuild._calls import Values, elementwise, together, within

_MONTHS = 12.0


@dataclass(frozen=True, eq=False)
class OptionToWait:
    """What it is worth to buy now, and to wait for the next generation.

    Attributes
    ----------
    now : array
        USD of net present value if one buys now.
    waiting : array
        USD of present value of the right, not the duty, to buy the next generation.
    difference : array
        USD by which waiting is worth more than buying now.
    lost_margin : array
        USD of present value of the margin that is not earned meanwhile.
    break_even : array
        Months that the next generation may take until waiting is worth less than buying now:
        infinite if it never is, as where buying now is worth nothing; NaN if no wait pays.
    pays_from : array
        Months that it must take until waiting is worth as much as buying now: 0 unless it adds
        nothing by itself and waiting pays only because margins rise; NaN if no wait pays.
    """

    now: Values
    waiting: Values
    difference: Values
    lost_margin: Values
    break_even: Values
    pays_from: Values


def option_to_wait(
    cost: Values,
    margin: Values,
    life: Values,
    cadence: Values,
    gain: Values,
    discount_rate: Values,
    decline: Values = 0.0,
    kind: Literal["budget", "capacity"] = "budget",
) -> OptionToWait:
    r"""Value of buying hardware now, and of waiting for the next generation instead.

    With forces of interest :math:`\rho = \ln(1 + r)` and of decline :math:`\delta = -\ln(1 - d)`,
    and the next generation after :math:`w` years,

    .. math:: E = m \int_0^L e^{-(\rho + \delta) t}\,dt, \qquad V_0 = E - c

    .. math:: V_w = e^{-\rho w} \max\bigl((1 + g)\,E\,e^{-\delta w} - c,\ 0\bigr)
        \quad\text{or}\quad
        e^{-\rho w} \max\Bigl(E\,e^{-\delta w} - \frac{c}{1 + g},\ 0\Bigr)

    Parameters
    ----------
    cost : array_like
        USD that the hardware costs, any shape; at least 0.
    margin : array_like
        USD a year that it earns after operating cost at today's prices; broadcasts.
    life : array_like
        Number of years that it earns; at least 0; broadcasts.
    cadence : array_like
        Number of months until the next generation; at least 0 and finite; broadcasts.
    gain : array_like
        Performance for a dollar that it adds, a fraction above -1: 1.0 is twice as much;
        broadcasts.
    discount_rate : array_like
        Rate of discount a year, a fraction of at least 0; broadcasts.
    decline : array_like
        Fall a year of what a unit of performance earns, a fraction below 1; below 0 if it rises;
        broadcasts.
    kind : {"budget", "capacity"}
        What stays the same: the money, so that the next generation earns more, or the performance,
        so that it costs less.

    Returns
    -------
    OptionToWait
        USD and months, each in the arguments' common shape. `difference` is below 0 where
        `cadence` is shorter than ``pays_from`` or longer than ``break_even``, and not between;
        both are NaN where waiting is worth less than buying now at any cadence. All is NaN where
        an argument that it takes is out of range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If `kind` is unknown or labels differ.

    Notes
    -----
    All is taken as known, and one buys once: who buys now does not replace the hardware by the
    next generation, and its margin falls by `decline` alone. Costs of the next generation are those
    of today for the same money, and every unit is sold from the first day. Over draws of a study,
    quantiles of ``break_even`` leave out draws in which no wait pays: tell their share beside it.

    Source: R. McDonald, D. Siegel, "The value of waiting to invest", *Quarterly Journal of
    Economics* 101 (1986), 707-727, section I, without uncertainty.

    Examples
    --------
    >>> import overbuild as ob
    >>> choice = ob.market.option_to_wait(
    ...     cost=30_000, margin=18_000, life=5, cadence=[12, 18, 24], gain=1.0,
    ...     discount_rate=0.12, decline=0.3)
    >>> choice.difference.round()
    array([11876.,  4281., -1494.])
    >>> print(choice.break_even.round(1))
    22.3
    """
    if kind not in ("budget", "capacity"):
        msg = f"kind must be 'budget' or 'capacity', got {kind!r}"
        raise ValueError(msg)
    rates = {"discount_rate": discount_rate, "decline": decline}
    given = together(cost=cost, margin=margin, life=life, cadence=cadence, gain=gain, **rates)
    cost, margin, life, cadence, gain, *_ = given.values()
    rates = {
        "discount_rate": within(given["discount_rate"], 0.0, np.inf),
        "decline": given["decline"],
    }
    earned = elementwise(_core.earnings, {}, margin=margin, years=life, **rates)
    now = elementwise(np.subtract, {}, earnings=earned, cost=within(cost, 0.0, np.inf))
    factor = elementwise(np.add, {}, gain=within(gain, np.nextafter(-1.0, 0.0), np.inf), one=1.0)
    later = {"earnings": earned, "cost": cost}
    if kind == "budget":
        later["earnings"] = elementwise(np.multiply, {}, earnings=earned, factor=factor)
    else:
        later["cost"] = elementwise(np.divide, {}, cost=cost, factor=factor)
    years = elementwise(np.divide, {}, cadence=cadence, months=_MONTHS)
    waiting = elementwise(_core.value_of_waiting, {}, **later, wait=years, **rates)
    missed = elementwise(np.minimum, {}, wait=within(years, 0.0, np.inf), life=life)
    terms = {**later, "now": now, **rates}
    first, last = (elementwise(f, {}, **terms) for f in (_core.first_wait, _core.break_even_wait))
    return OptionToWait(
        now=now,
        waiting=waiting,
        difference=elementwise(np.subtract, {}, waiting=waiting, now=now),
        lost_margin=elementwise(_core.earnings, {}, margin=margin, years=missed, **rates),
        break_even=_in_months(last),
        pays_from=_in_months(first),
    )


def _in_months(years: Values) -> Values:
    """Return months, and NaN without a warning where the kernel says that there are none."""
    above = elementwise(np.add, {}, years=years, one=1.0)
    known = elementwise(np.heaviside, {}, above=above, at_zero=np.nan)
    months = elementwise(np.multiply, {}, years=years, months=_MONTHS)
    return elementwise(np.multiply, {}, months=months, known=known)
