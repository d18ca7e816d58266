"""The outcome of a study: a labelled data set, its summary and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from overbuild.study import rendering, summaries
from overbuild.study.summaries import ERROR, MISSING, QUANTILES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Result:
    """What a study gave: every input and output over its draws, with units and sources.

    Attributes
    ----------
    dataset : xarray.Dataset
        One variable for each input and output; dimension ``draw``, and others the model made.
        Attributes of a variable are role (input or output), unit, source, grade, note and date.
    """

    def __init__(self, dataset: xr.Dataset) -> None:
        self.dataset = dataset

    def summary(self, quantiles: Sequence[float] = QUANTILES) -> pd.DataFrame:
        """Quantiles and mean of every input and output, with unit, source and grade.

        Parameters
        ----------
        quantiles : sequence of float
            Rising probabilities, fractions from 0 to 1.

        Returns
        -------
        DataFrame
            One row a variable, outputs last; a variable with further dimensions has a row for
            each of their positions, such as ``gpus[period=3]``. Columns ``P5`` and so on for the
            quantiles, ``mean``, ``unit``, ``source``, ``grade``, and ``NaN draws``: how many
            draws have no value there and are left out of that row. Where draws are of several
            independent replicates, also ``SE P5`` and so on and ``SE mean``: standard errors by
            the spread over the replicates. Weighted draws count by their weights.

        Raises
        ------
        ValueError
            If a probability is not between 0 and 1, or they do not rise.
        """
        return summaries.summarize(self.dataset, quantiles)

    def plot(
        self,
        name: str | None = None,
        ax: Axes | None = None,
        quantiles: Sequence[float] = QUANTILES,
    ) -> Axes:
        """Draw one variable: a histogram, or a fan over its periods.

        Parameters
        ----------
        name : str, optional
            An input or output; the first output if not given.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure if not given.
        quantiles : sequence of float
            Probabilities to mark in a histogram; a fan's bands lie between the first and the
            last, the second and the last but one, and so on.

        Returns
        -------
        matplotlib.axes.Axes
            With the variable's unit on its axis.

        Raises
        ------
        KeyError
            If there is no such variable.
        ValueError
            If the variable has no draws, or dimensions that no picture here shows, or
            `quantiles` are no rising probabilities.
        ImportError
            If matplotlib is not installed.
        """
        from overbuild import plot  # matplotlib is an extra

        if name is None:
            name = next(
                str(key)
                for key, v in self.dataset.data_vars.items()
                if v.attrs.get("role") == "output"
            )
        if name not in self.dataset.data_vars:
            known = ", ".join(str(key) for key in self.dataset.data_vars)
            msg = f"no variable {name!r}; there are {known}"
            raise KeyError(msg)
        return plot.variable(self.dataset[name], ax=ax, quantiles=quantiles)

    def _title(self) -> str:
        attrs = self.dataset.attrs
        return f"{attrs['model']}: {attrs['draws']:,} draws, seed {attrs['seed']}"

    def _shown(self) -> pd.DataFrame:
        """Return the summary as text, without errors; NaN draws only if there are any."""
        table = self.summary()
        hidden = [column for column in table.columns if column.startswith(ERROR)]
        if not table[MISSING].any():
            hidden.append(MISSING)
        return rendering.as_text(table.drop(columns=hidden))

    def __repr__(self) -> str:
        return f"{self._title()}\n{self._shown().drop(columns='source').to_string()}"

    def _repr_html_(self) -> str:
        return rendering.as_html(self._title(), self._shown())
