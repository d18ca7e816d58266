"""Depreciation and book value of a stream of purchases, each by its age."""

from __future__ import annotations

import numpy as np
import xarray as xr

from overbuild import _core
from overbuild._calls import Values, along


def vintages(capex: Values, schedule: Values, dim: str = "period") -> Values:
    r"""Depreciation of a stream of purchases, each by its age.

    .. math:: D_t = \sum_{k \le t} c_k\, s_{t-k}

    Parameters
    ----------
    capex : array_like
        USD paid in each period, shape (..., periods).
    schedule : array_like
        Share of the cost lost at each age, from the period of purchase on; shape (ages,) or (...,
        ages), in a DataArray along `dim` as well. Missing ages lose nothing.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        USD in each period, shape (..., periods).

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If numbers of periods or labels differ.

    Notes
    -----
    Source: definition; the sum runs from the oldest purchase.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.vintages([100, 0, 50], [0.5, 0.3, 0.2])
    array([50., 30., 45.])
    """
    return along(_core.vintages, {"capex": capex, "schedule": _fitted(schedule, capex, dim)}, dim)


def book_value(capex: Values, schedule: Values, dim: str = "period") -> Values:
    r"""Book value of a stream of purchases at the end of each period.

    .. math:: B_t = \sum_{k \le t} (c_k - D_k)

    Parameters
    ----------
    capex : array_like
        USD paid in each period, shape (..., periods).
    schedule : array_like
        Share of the cost lost at each age, as for :func:`vintages`.
    dim : str
        Name of the dimension that periods run along, where axes have names.

    Returns
    -------
    array
        USD at the end of each period, shape (..., periods).

    Raises
    ------
    TypeError
        If an argument is neither a number nor an array of numbers.
    ValueError
        If numbers of periods or labels differ.

    Notes
    -----
    Source: definition.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.capex.book_value([100, 0, 50], [0.5, 0.3, 0.2])
    array([50., 20., 25.])
    """
    return along(_core.book_value, {"capex": capex, "schedule": _fitted(schedule, capex, dim)}, dim)


def _fitted(schedule: Values, capex: Values, dim: str) -> Values:
    """Return the schedule for as many ages as there are periods."""
    if isinstance(capex, xr.DataArray):
        periods = capex.sizes.get(dim, 1)
    else:
        periods = np.shape(capex)[-1] if np.ndim(capex) else 1
    if isinstance(schedule, xr.DataArray):
        if dim not in schedule.dims:
            there = ", ".join(map(str, schedule.dims)) or "none"
            msg = f"schedule must have dimension {dim!r}, by age; there are: {there}"
            raise ValueError(msg)
        first = schedule.isel({dim: slice(periods)})
        short = periods - first.sizes[dim]
        ages = first.pad({dim: (0, short)}, constant_values=0.0).drop_vars(dim, errors="ignore")
        has_labels = isinstance(capex, xr.DataArray) and dim in capex.coords
        return ages.assign_coords({dim: capex[dim]}) if has_labels else ages
    shares = np.atleast_1d(np.asarray(schedule, dtype=float))[..., :periods]
    padded = np.zeros((*shares.shape[:-1], periods))
    padded[..., : shares.shape[-1]] = shares
    return padded
