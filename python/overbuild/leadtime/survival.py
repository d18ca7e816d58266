"""Distributions of lead times, fitted by maximum likelihood to orders of which some are open."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild import _core
from overbuild._calls import Values, plain, with_names
from overbuild._labels import check_same
from overbuild.leadtime.results import FAMILIES, Band, Fit

__all__ = ["Band", "Fit", "fit"]

Family: TypeAlias = Literal["weibull", "lognormal", "gamma", "exponential", "loglogistic", "best"]

_Floats: TypeAlias = NDArray[np.float64]


def fit(
    durations: Values = None,
    observed: Values = None,
    family: Family = "weibull",
    entry: Values = None,
    interval: tuple[Values, Values] | None = None,
    weights: Values = None,
    dim: str = "order",
) -> Fit:
    r"""Fit a distribution of lead times to orders, of which some may still be open.

    Maximum likelihood: with density :math:`f` and survival :math:`S`, the sum over orders of

    .. math:: w_i \left[ \log f(t_i) \text{ or } \log S(t_i) \text{ or }
              \log\{S(l_i) - S(u_i)\} \right] - w_i \log S(e_i)

    is made as large as can be: :math:`f(t)` for an order delivered after :math:`t`,
    :math:`S(t)` for one still open, :math:`S(l) - S(u)` for one delivered some time after
    :math:`l` and not after :math:`u`, less :math:`S(e)` where orders are only known of if they
    were still open at :math:`e`. Each row of orders is fitted by itself, in parallel.

    Parameters
    ----------
    durations : array_like, shape (..., orders)
        Time from order to delivery or, if it is open, to the day of the count; above 0, in weeks
        or any one unit. A row with NaN is not fitted and says so.
    observed : array_like of bool, shape (..., orders), optional
        Whether the time has ended in delivery; share 0 or 1. All have unless given.
    family : {"weibull", "lognormal", "gamma", "exponential", "loglogistic", "best"}
        Family of distributions; "best" is, row by row, the one with the least AIC.
    entry : array_like, shape (..., orders), optional
        Time after the order from which it could be known of (left truncation), in the same unit
        (weeks). 0 unless given.
    interval : pair of array_like, shape (..., orders), optional
        Lower and upper bound of the times (weeks), instead of `durations` and `observed`: equal
        where the time is exact, upper infinite where the order is open, lower 0 where all that is
        known is that it was delivered by then (left censoring).
    weights : array_like, shape (..., orders), optional
        Number of times that each order counts; at least 0. What has no weight is not looked at,
        so rows of unlike lengths can be filled up.
    dim : str
        Dimension of a DataArray that numbers the orders; of other arrays it is the last axis.

    Returns
    -------
    Fit
        Parameters, covariance, log-likelihood, AIC and status in shape (...); of one row also
        ``.distribution``, which goes into a study.

    Raises
    ------
    ValueError
        If `family` is unknown, shapes do not fit, or `observed` holds anything but 0 and 1. Rows
        that cannot be fitted raise nothing: their ``status`` says why, and their parameters are
        NaN.
    TypeError
        If both or neither of `durations` and `interval` are given, or one is no array of numbers.

    Notes
    -----
    Source: J. F. Lawless, *Statistical Models and Methods for Lifetime Data* (2nd edition, 2003),
    chapters 2 and 5. Log scale and log shape are found by Newton's method on times divided by
    their geometric mean, so that the unit does not matter. Standard errors are those of the
    observed information. With late entries a likelihood of few orders can rise for ever towards
    a border, at a scale of nothing; then a highest point inside is given if there is one, and else
    the row has not converged.

    Examples
    --------
    >>> import overbuild as ob
    >>> weeks = [31, 44, 47, 52, 58, 60, 60, 60]
    >>> delivered = [True, True, True, True, True, False, False, False]
    >>> found = ob.leadtime.fit(weeks, delivered)
    >>> found
    Weibull fit: ok, 8 orders, 5 ended
      shape 4.548 (standard error 1.823), scale 60 (6.065)
      log-likelihood -22.838, AIC 49.676
    >>> round(float(found.distribution.median()), 2)
    55.36
    """
    families = _families(family)
    columns, labels = _columns(durations, observed, entry, interval, weights, dim)
    lower, upper, *others = columns
    shape = lower.shape
    rows = (None if column is None else _rows(column) for column in others)
    table = _core.fit_lead_times(families, _rows(lower), _rows(upper), *rows)
    return Fit._of_table(table.reshape(*shape[:-1], table.shape[-1]), labels)


def _rows(column: _Floats) -> _Floats:
    """Return a column with one axis of rows, however many it had."""
    rows = math.prod(column.shape[:-1])
    return np.ascontiguousarray(column.reshape(rows, column.shape[-1]))


def _families(family: str) -> list[int]:
    if family == "best":
        return list(range(len(FAMILIES)))
    if family not in FAMILIES:
        msg = f"family must be {', '.join(FAMILIES)} or best, got {family!r}"
        raise ValueError(msg)
    return [FAMILIES.index(family)]


def _columns(
    durations: Values,
    observed: Values,
    entry: Values,
    interval: tuple[Values, Values] | None,
    weights: Values,
    dim: str,
) -> tuple[tuple[_Floats, _Floats, _Floats | None, _Floats | None], xr.DataArray | None]:
    """Return bounds, entries and weights in one shape, and a model of the results' labels."""
    if (durations is None) == (interval is None):
        msg = "give either durations or interval, a pair of lower and upper bounds"
        raise TypeError(msg)
    given = {"observed": observed, "entry": entry, "weights": weights}
    if interval is not None:
        if observed is not None:
            msg = "observed goes with durations; an open order's interval has no upper bound (inf)"
            raise TypeError(msg)
        if not (isinstance(interval, Sequence) and len(interval) == 2):
            msg = f"interval must be a pair (lower, upper), got {interval!r:.80}"
            raise TypeError(msg)
        given |= {"interval[0]": interval[0], "interval[1]": interval[1]}
    else:
        given |= {"durations": durations}
    given = {name: values for name, values in given.items() if values is not None}
    check_labels(given)
    labels = None
    if any(isinstance(values, xr.DataArray) for values in given.values()):
        given, labels = _by_name(given, dim)
    arrays = _broadcast({name: as_floats(name, values) for name, values in given.items()})
    if interval is not None:
        lower, upper = arrays["interval[0]"], arrays["interval[1]"]
    else:
        lower = upper = arrays["durations"]
        if observed is not None:
            upper = _open(lower, arrays["observed"])
    return (lower, upper, arrays.get("entry"), arrays.get("weights")), labels


def _open(durations: _Floats, observed: _Floats) -> _Floats:
    """Return upper bounds: infinite where an order is open, NaN where it is not known."""
    ended = observed == 1
    strange = ~(ended | (observed == 0) | np.isnan(observed))
    if strange.any():
        msg = f"observed must be true or false (1 or 0), got {observed[strange][0]:g}"
        raise ValueError(msg)
    return np.where(ended, durations, np.where(np.isnan(observed), np.nan, np.inf))


def as_floats(name: str, values: Values) -> _Floats:
    """Return values as an array of floats, what pandas holds as missing as NaN."""
    try:
        if isinstance(getattr(values, "dtype", None), pd.DatetimeTZDtype):
            raise TypeError
        array: _Floats = np.asarray(plain(values))
        if array.dtype.kind not in "iufb":
            if array.dtype.kind in "mM":
                raise TypeError
            # Objects, such as pandas' own integers with missing ones.
            array = np.asarray(
                values.to_numpy(dtype=float, na_value=np.nan)
                if hasattr(values, "to_numpy") and hasattr(values, "dtype")
                else array.astype(float)
            )
        return array.astype(float, copy=False)
    except (TypeError, ValueError) as error:
        msg = f"{name} must be numbers, got {values!r:.80}"
        raise TypeError(msg) from error


def check_labels(columns: Mapping[str, Values]) -> None:
    """Refuse columns of pandas whose labels differ: they are matched by place."""
    series = {name: one.index for name, one in columns.items() if isinstance(one, pd.Series)}
    check_same("orders", series)


def _broadcast(arrays: dict[str, _Floats]) -> dict[str, _Floats]:
    shapes = {array.shape for array in arrays.values()}
    if shapes and shapes == {next(iter(shapes))} and () not in shapes:
        return arrays
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError as error:
        found = ", ".join(f"{name} has shape {array.shape}" for name, array in arrays.items())
        msg = f"shapes do not fit: {found}"
        raise ValueError(msg) from error
    if shape == ():
        found = " and ".join(arrays)
        msg = f"{found} must have an axis of orders, got single numbers"
        raise ValueError(msg)
    return {name: np.broadcast_to(array, shape) for name, array in arrays.items()}


def _by_name(given: Mapping[str, Values], dim: str) -> tuple[dict[str, Values], xr.DataArray]:
    """Return plain arrays with `dim` as last axis, and a DataArray with the other dimensions."""
    named = {name: with_names(name, values, [dim]) for name, values in given.items()}
    if not any(dim in array.dims for array in named.values()):
        there = ", ".join(str(d) for d in {d for array in named.values() for d in array.dims})
        msg = f"{' and '.join(named)} must have dimension {dim!r}; there are: {there or 'none'}"
        raise ValueError(msg)
    try:
        aligned = xr.align(*named.values(), join="exact", copy=False)
    except ValueError as error:
        msg = f"{' and '.join(named)} have different labels: {error}"
        raise ValueError(msg) from error
    spread = [array.transpose(..., dim) for array in xr.broadcast(*aligned)]
    model = spread[0].isel({dim: 0}, drop=True).drop_attrs()
    values = {name: array.values for name, array in zip(named, spread, strict=True)}
    return values, model
