"""How a technology spreads: curves, and those that go through what is known."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from overbuild import _core
from overbuild._calls import Values, at_least_one, elementwise, numeric, whole, with_names
from overbuild.study.draws.sampling import BITS, Sampler, tabulate_all
from overbuild.study.inputs import DRAW, Input, settled


def logistic(time: Values, midpoint: Values, rate: Values, ceiling: Values = 1.0) -> Values:
    r"""Adoption that spreads like a rumour: growth in proportion to who has and to who has not.

    .. math:: y(t) = \frac{K}{1 + e^{-r (t - m)}}

    Parameters
    ----------
    time : array_like
        Number of years, or of any other unit of time, any shape.
    midpoint : array_like
        Number of years at which half of the ceiling is reached; broadcasts.
    rate : array_like
        Growth of the odds, a number a year; broadcasts.
    ceiling : array_like
        Share, or number of units, in the end; at least 0; broadcasts.

    Returns
    -------
    array
        In the unit of `ceiling`, in the arguments' common shape. NaN where `ceiling` is below 0,
        with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If labels differ.

    Notes
    -----
    Source: P.-F. Verhulst (1838); for technologies Z. Griliches, "Hybrid corn", *Econometrica* 25
    (1957), 501-522.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.market.logistic([2024, 2029, 2034], midpoint=2034, rate=0.2).round(3)
    array([0.119, 0.269, 0.5  ])
    """
    return elementwise(_core.logistic, {}, time=time, midpoint=midpoint, rate=rate, ceiling=ceiling)


def bass(
    time: Values,
    innovation: Values,
    imitation: Values,
    ceiling: Values = 1.0,
    launch: Values = 0.0,
) -> Values:
    r"""Adoption by innovators, who come by themselves, and imitators, who follow others.

    .. math:: y(t) = K\,\frac{1 - e^{-(p + q)(t - t_0)}}{1 + (q/p)\,e^{-(p + q)(t - t_0)}}

    Parameters
    ----------
    time : array_like
        Number of years, or of any other unit of time, any shape.
    innovation : array_like
        Coefficient of innovation :math:`p`, a number a year of at least 0; broadcasts.
    imitation : array_like
        Coefficient of imitation :math:`q`, a number a year of at least 0; broadcasts.
    ceiling : array_like
        Share, or number of units, in the end; at least 0; broadcasts.
    launch : array_like
        Number of years at which it began; before, there is nothing; broadcasts.

    Returns
    -------
    array
        In the unit of `ceiling`, in the arguments' common shape. NaN where an argument is out of
        range, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If labels differ.

    Notes
    -----
    Adoptions are most at :math:`t_0 + \ln(q/p)/(p + q)`, if imitation is above innovation.

    Source: F. M. Bass, "A new product growth for model consumer durables", *Management Science*
    15 (1969), 215-227.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.market.bass([5, 10, 20], innovation=0.03, imitation=0.38).round(3)
    array([0.331, 0.813, 0.996])
    """
    return elementwise(
        _core.bass,
        {},
        time=time,
        innovation=innovation,
        imitation=imitation,
        ceiling=ceiling,
        launch=launch,
    )


@dataclass(frozen=True, eq=False)
class Adoption:
    """A curve through two points; see :func:`through`.

    Attributes
    ----------
    kind : str
        ``logistic`` or ``bass``.
    parameters : mapping
        ``rate`` and ``midpoint`` of a logistic curve, ``innovation`` and ``imitation`` of a Bass
        curve, each in the points' common shape.
    peak : array
        When most adopt at once; infinite for a level logistic curve.
    """

    kind: str
    parameters: Mapping[str, Values]
    peak: Values
    _times: tuple[float, float]
    _through: Mapping[str, Values]

    def at(self, time: Values) -> Values:
        """Adoption at a time.

        Parameters
        ----------
        time : array_like
            In the unit of the points' times. Beside points that are DataArrays a list or a plain
            array runs along ``period``; otherwise shapes broadcast.

        Returns
        -------
        array
            In the unit of the points.
        """
        if any(isinstance(one, xr.DataArray) for one in self._through.values()):
            time = with_names("time", time, ["period"])
        kernel = _core.bass_through if self.kind == "bass" else _core.logistic_through
        return elementwise(kernel, {}, time=time, **self._through)

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields; a read-only view of a mapping cannot be pickled."""
        return {**self.__dict__, "parameters": dict(self.parameters)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, parameters=MappingProxyType(state["parameters"]))

    def __repr__(self) -> str:
        named = (f"{name} {_short(value)}" for name, value in self.parameters.items())
        at = " and ".join(map(_time, self._times))
        return f"{self.kind} curve through points at {at}: {', '.join(named)}"


def through(
    points: Any,
    kind: Literal["logistic", "bass"] = "logistic",
    ceiling: Values = 1.0,
    launch: Values = None,
    draws: int = 65_536,
    seed: int = 0,
) -> Adoption:
    r"""Adoption curve that goes exactly through two points, whatever is uncertain about them.

    A logistic curve has log odds on a straight line. Of a Bass curve, with odds :math:`o_i` at age
    :math:`t_i`, the sum :math:`a = p + q` solves

    .. math:: \frac{e^{a t_2} - 1}{e^{a t_1} - 1} = \frac{o_2}{o_1}, \qquad
        p = \frac{a\,o_1}{e^{a t_1} - 1}

    Parameters
    ----------
    points : mapping, pandas Series or sequence of pairs
        Two points, from a number of years to a share between 0 and the ceiling: a number, an array
        of any shape such as draws, or a distribution. Points that are distributions are drawn
        independently. The index of a Series holds the years. A range is a distribution, such as
        ``ob.between(0.3, 0.4)``: two numbers in a tuple, ranges elsewhere, are refused.
    kind : {"logistic", "bass"}
        Which curve.
    ceiling : array_like
        Share, or number of units, in the end; broadcasts with the points.
    launch : array_like
        Number of years at which a Bass curve began, before both points; broadcasts. A logistic
        curve takes none.
    draws : int
        Number of draws, at least 1, if points are distributions; they run along ``draw``.
    seed : int
        Number that the draws depend on: the same seed gives the same bits.

    Returns
    -------
    Adoption
        With method ``at(time)``, the parameters and the time of the peak, each in the points'
        common shape. NaN where a point does not lie between 0 and the ceiling, or no Bass curve
        goes through both, with NumPy's *invalid value* warning.

    Raises
    ------
    TypeError
        If a point is neither a number, an array of numbers nor a distribution, or `draws` or `seed`
        no whole number.
    ValueError
        If there are not two points at two times, one is two numbers in a tuple, `draws` or `seed`
        is out of range, `kind` is unknown, `launch` is missing or not
        wanted, or labels differ.

    Notes
    -----
    No Bass curve goes through two points if the average rate at which the rest adopted is lower at
    the later one: imitation would be below 0. An earlier launch helps.

    In a model of a study the points are the model's arguments, and so draws already.

    Source: definition; the curve of :func:`bass`, solved for its coefficients.

    Examples
    --------
    >>> import overbuild as ob
    >>> liquid = ob.market.through({2024: 0.135, 2029: 0.30})
    >>> liquid.at([2024, 2027, 2029, 2034]).round(3)
    array([0.135, 0.222, 0.3  , 0.541])
    >>> unsure = ob.market.through({2024: ob.uniform(0.12, 0.15), 2029: ob.between(0.3, 0.4)})
    >>> [round(float(q), 3) for q in unsure.at(2027).quantile([0.05, 0.5, 0.95])]
    [0.221, 0.245, 0.273]
    """
    if kind not in ("logistic", "bass"):
        msg = f"kind must be 'logistic' or 'bass', got {kind!r}"
        raise ValueError(msg)
    if (launch is None) == (kind == "bass"):
        msg = "a bass curve needs launch" if launch is None else "a logistic curve has no launch"
        raise ValueError(msg)
    (t1, first), (t2, second) = _two(points)
    one, other = (f"point {_time(time)}" for time in (t1, t2))
    drawn = _drawn({one: first, other: second}, draws, seed)
    # By names that an error can tell.
    known = {"t1": t1, one: drawn[one], "t2": t2, other: drawn[other], "ceiling": ceiling}
    operands: dict[str, Values] = known
    if kind == "logistic":
        rate = elementwise(_core.logistic_rate, {}, **operands)
        peak = elementwise(_core.logistic_midpoint, {}, **operands)
        parameters = {"rate": rate, "midpoint": peak}
    else:
        total = elementwise(_core.bass_sum, {}, **operands, launch=launch)
        operands = {"t1": t1, one: drawn[one], "total": total, "ceiling": ceiling, "launch": launch}
        innovation = elementwise(_core.bass_innovation, {}, **operands)
        imitation = elementwise(np.subtract, {}, total=total, innovation=innovation)
        parameters = {"innovation": innovation, "imitation": imitation}
        peak = elementwise(_core.bass_peak, {}, **operands)
    return Adoption(kind, MappingProxyType(parameters), peak, (t1, t2), operands)


def _two(points: Any) -> list[tuple[float, Any]]:
    """Return two points in the order of their times."""
    pairs: Any = points.items() if isinstance(points, Mapping | pd.Series) else points
    if not isinstance(pairs, Iterable) or isinstance(pairs, str):
        msg = f"points must be a mapping from time to share, got {points!r:.80}"
        raise TypeError(msg)
    try:
        found = [(time, share) for time, share in pairs]
    except (TypeError, ValueError) as error:
        msg = f"points must be pairs of a time and a share, got {points!r:.80}"
        raise TypeError(msg) from error
    for time, _ in found:
        if not isinstance(time, numbers.Real) or not math.isfinite(time):
            msg = f"points must be at times that are finite numbers, got {time!r:.80}"
            raise TypeError(msg)
    found.sort(key=lambda pair: float(pair[0]))
    if len(found) != 2 or found[0][0] == found[1][0]:
        times = ", ".join(_time(float(time)) for time, _ in found) or "none"
        msg = f"points must be two, at different times, got {len(found)} (at {times})"
        raise ValueError(msg)
    return [(float(time), share) for time, share in found]


def _time(time: float) -> str:
    """Return all digits of a time, and no more."""
    return f"{int(time)}" if time.is_integer() and abs(time) < 1e15 else repr(time)


def _drawn(points: Mapping[str, Any], draws: int, seed: int) -> dict[str, Values]:
    """Return points with draws for those that are distributions."""
    bare = {name: p.value if isinstance(p, Input) else p for name, p in points.items()}
    for name, one in bare.items():
        if isinstance(one, tuple) and len(one) == 2:
            msg = (
                f"{name} is two numbers, {one!r:.80}; write ob.between(low, high) for a range, and "
            )
            msg += "a list for an array of two numbers"
            raise ValueError(msg)
    seed = whole("seed", seed)
    random = {name: one for name, one in bare.items() if not _is_numbers(one)}
    if not random:
        return {name: numeric(name, one) for name, one in bare.items()}
    size = at_least_one(draws, "draws")
    if size > 2**BITS:
        msg = f"draws must be at most 2**{BITS}, got {draws}"
        raise ValueError(msg)
    tables = tabulate_all({name: settled(name, one) for name, one in random.items()})
    drawn = Sampler.of(tables, size, seed).draw(tables, 0, size)
    named = {name: xr.DataArray(values, dims=DRAW) for name, values in drawn.items()}
    return {name: named.get(name, one) for name, one in bare.items()}


def _is_numbers(value: Any) -> bool:
    if isinstance(value, numbers.Real | np.ndarray | xr.DataArray | list | tuple):
        return True
    return hasattr(value, "__array__") or hasattr(value, "__dask_graph__")


def _short(value: Values) -> str:
    shape = np.shape(value)
    return f"in shape {shape}" if shape else f"{float(value):.4g}"
