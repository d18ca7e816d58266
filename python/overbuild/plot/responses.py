"""An output against one input: what we would believe if the input were known."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from overbuild.plot._along import last_of
from overbuild.plot._draws import TINY, Floats
from overbuild.plot._numbers import Numbers, labelled
from overbuild.plot._style import FILL, INK, axes, label_quantiles, logarithmic_heights, note

_COLUMNS = ("P5", "P25", "P50", "P75", "P95")


def what_if(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw an output against one input: its median, and bands of 50% and 90%, given the input.

    Parameters
    ----------
    table : DataFrame
        Index: values of the input, in its unit. Columns ``P5``, ``P25``, ``P50``, ``P75``,
        ``P95``: quantiles of the output there, in its unit. ``attrs`` are ``output`` and
        ``input`` (names), ``output_unit`` and ``input_unit``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on. Ticks inside the horizontal axis stand at the values of the table:
        each stands for as many draws, so they are dense where the input is likely.

    Raises
    ------
    ValueError
        If a column is missing or there is no finite row.

    Notes
    -----
    Source: conditional quantiles, as in R. Koenker, G. Bassett, "Regression quantiles",
    *Econometrica* 46 (1978), 33-50.

    Examples
    --------
    >>> import overbuild as ob
    >>> import pandas as pd
    >>> table = pd.DataFrame({"P5": [1, 2], "P25": [2, 3], "P50": [3, 4], "P75": [4, 5],
    ...                       "P95": [5, 6]}, index=[10.0, 20.0])
    >>> table.attrs = {"output": "cost", "input": "price", "input_unit": "USD/MWh"}
    >>> ax = ob.plot.what_if(table)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('price (USD/MWh)', 'cost')
    """
    if missing := [column for column in _COLUMNS if column not in table]:
        columns = ", ".join(map(str, table.columns))
        msg = f"the table of a response needs columns {', '.join(_COLUMNS)}; got {columns}, "
        msg += f"without {', '.join(missing)}"
        raise ValueError(msg)
    table = table[np.isfinite(table.index.to_numpy(dtype=float))].sort_index()
    places = table.index.to_numpy(dtype=float)
    curves = table[list(_COLUMNS)].to_numpy(dtype=float).T
    curves = np.where(np.isfinite(curves), curves, np.nan)
    if not np.isfinite(curves).any():
        msg = f"the table of a response has no finite row, of {len(table)}"
        raise ValueError(msg)
    ax = axes(ax)
    if places.size == 1:
        reach = 0.01 * abs(places[0]) or 0.01
        places, curves = places[0] + np.array([-reach, reach]), np.repeat(curves, 2, axis=1)
    for k, shade in ((0, 0.45), (1, 0.85)):
        ax.fill_between(places, curves[k], curves[4 - k], color=FILL, alpha=shade, linewidth=0)
    ax.plot(places, curves[2], color=INK, linewidth=1.8)
    _label(ax, table, curves)
    label_quantiles(ax, last_of(curves), _COLUMNS)
    inside = ax.get_xaxis_transform()
    ax.vlines(places, 0, 0.025, color=INK, alpha=0.6, linewidth=0.6, transform=inside)
    note(ax, f"bands: central 50% and 90% given the input, at {len(table)} values of it (ticks)")
    return ax


def _label(ax: Axes, table: pd.DataFrame, curves: Floats) -> None:
    about = {key: str(table.attrs.get(key, "")) for key in ("input_unit", "output_unit")}
    ax.margins(x=0)
    Numbers(about["input_unit"], *ax.get_xlim()).set(ax.xaxis)
    finite = curves[~np.isnan(curves)]
    log = bool(finite.min() > TINY and finite.max() / 1e3 > finite.min())
    if log:
        logarithmic_heights(ax, finite.min(), finite.max())
    Numbers(about["output_unit"], *ax.get_ylim()).set(ax.yaxis, log)
    names = [str(table.attrs.get(key, key)) for key in ("input", "output")]
    ax.set_xlabel(labelled(names[0], about["input_unit"]))
    ax.set_ylabel(labelled(names[1], about["output_unit"]))
