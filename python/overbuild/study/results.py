"""The outcome of a study: a labelled data set, its summary and its picture."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from overbuild.study import scenarios
from overbuild.study.drivers.questions import Drivers
from overbuild.study.evidence import observations as evidences
from overbuild.study.labels import selected
from overbuild.study.scenarios import BASE
from overbuild.study.showing import exporting, notebooks, rendering
from overbuild.study.statistics import scores, summaries
from overbuild.study.statistics.summaries import QUANTILES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Result(Drivers):
    """What a study gave: every input and output over its draws, with units and sources.

    Attributes
    ----------
    dataset : xarray.Dataset
        One variable for each input and output; dimension ``draw``, and others the model made.
        Attributes of a variable are role (input or output), unit, source, grade, note, date and
        published.
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
        kind: str | None = None,
        ax: Axes | None = None,
        quantiles: Sequence[float] | None = None,
        before: Result | None = None,
    ) -> Axes:
        """Draw one variable in the way that shows it best.

        One number a draw is a histogram, or an S-curve if it is a time; with evidence, before
        and after. Numbers over periods are a fan, scenarios stand side by side.

        Parameters
        ----------
        name : str, optional
            An input or output, or some of its positions, such as ``gpus[scenario=base]``; the
            first output if not given.
        kind : {"histogram", "s_curve", "posterior", "fan", "scenarios", "tornado"}, optional
            Which picture to draw, if not the one that this method would choose. A tornado is of
            an output, by :meth:`sensitivity`; `name` may be the label of a position then.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure if not given.
        quantiles : sequence of float, optional
            Probabilities to mark in a histogram; a fan's bands lie between the first and the
            last, the second and the last but one, and so on. Those usual for the picture if not
            given.
        before : Result, optional
            A run without evidence, to compare draws of :meth:`Study.condition` with.

        Returns
        -------
        matplotlib.axes.Axes
            With the variable's unit on its axis.

        Raises
        ------
        KeyError
            If there is no such variable.
        ValueError
            If the variable has no draws, or dimensions that no picture here shows, `kind` does
            not suit it, or `quantiles` are no rising probabilities.
        ImportError
            If matplotlib is not installed.
        """
        from overbuild import plot  # matplotlib is an extra

        if kind == "tornado":
            return plot.tornado(self.sensitivity(name or str(self._known(None).name)), ax=ax)
        values = self._known(name)
        return plot.variable(
            values,
            ax=ax,
            quantiles=quantiles,
            kind=kind,
            evidence=rendering.evidence(self.dataset),
            before=None if before is None else before._known(str(values.name)),
        )

    def _known(self, name: str | None) -> xr.DataArray:
        """Return a variable, or the part of it that a label tells; the first output if none."""
        variables = {str(key): value for key, value in self.dataset.data_vars.items()}
        if name is None:
            return next(v for v in variables.values() if v.attrs.get("role") == "output")
        found = selected(variables, name)
        if isinstance(found, str):
            raise KeyError(found)
        return found

    def given(self, evidence: Mapping[str, Any] | None = None, /, **named: Any) -> Result:
        """Weigh the draws by how well they agree with what has been observed.

        By Bayes' rule: a draw's weight is multiplied by the density that each observation has at
        the draw's value, or by 1 and 0 within and outside of a range. So evidence on an input
        adds to what the input's own distribution says, and should not be the same information.

        Parameters
        ----------
        evidence : mapping, optional
            Evidence by name or by label of a position: ``{"gpus[period=3]": (2e5, 3e5)}``.
        **named
            The same as keywords: ``given(revenue=(1.9e9, 2e9), price=ob.between(2, 3))``. A
            range ``(low, high)`` may have None for an open end; a distribution is of the true
            value, as what was observed and its error tell.

        Returns
        -------
        Result
            The same draws with weights, which every later summary, plot and sensitivity uses.
            Its attribute ``effective_sample_size`` tells how many equal draws they are worth.

        Raises
        ------
        ValueError
            If there is no evidence, no such variable, or no draw that agrees.
        TypeError
            If evidence is a bare number, which no draw meets, or has no density.

        Warns
        -----
        UserWarning
            If few draws agree; it says how many draws would do.
        """
        return Result(evidences.weighted(self.dataset, evidences.as_evidence(evidence, named)))

    @property
    def effective_sample_size(self) -> float:
        """How many draws of equal weight are worth as much as the weighted ones."""
        return evidences.effective_sample_size(self.dataset)

    def against(self, base: str = BASE, *, relative: bool = False) -> Result:
        """Differences of all outputs from one scenario, draw by draw.

        Parameters
        ----------
        base : str
            Name of the scenario to compare with.
        relative : bool
            Whether to divide by the base: a share, 0.1 for a tenth more.

        Returns
        -------
        Result
            Of the other scenarios; inputs as they are. Its summary has the quantiles of the
            differences, which are not the differences of quantiles.

        Raises
        ------
        ValueError
            If the study has no scenarios.
        KeyError
            If there is none of this name.
        """
        return Result(scenarios.against(self.dataset, base, relative=relative))

    def score(self, outcomes: Mapping[str, float]) -> pd.DataFrame:
        """Say how well the draws foretold what came.

        Parameters
        ----------
        outcomes : mapping
            What came, by name or by label of a position: ``{"capex[quarter=2025Q2]": 88.3}``;
            numbers in the variable's unit, NaN where it is not known.

        Returns
        -------
        DataFrame
            One row an outcome: ``outcome``; ``P5``, ``P25``, ``P50``, ``P75`` and ``P95`` of the
            draws; whether it lies ``in 50%``, from P25 to P75, and ``in 90%``, from P5 to P95, None
            if there is no outcome or no draw with a value; the share of draws ``below`` it, 0 to 1,
            of which draws that equal it count half; ``CRPS``, the continuous ranked probability
            score in the variable's unit: 0 is best, and for draws that are all equal it is the
            distance to the outcome; ``unit`` and ``grade``.
            Weighted draws count by their weights.

        Raises
        ------
        KeyError
            If there is no such variable or position.
        ValueError
            If a label leaves more than one position, or two outcomes are of the same one.
        TypeError
            If an outcome is no number, or there is none.

        Notes
        -----
        Source: T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and
        estimation", *Journal of the American Statistical Association* 102 (2007), 359-378, with
        the distribution of the draws as the forecast.

        Examples
        --------
        >>> import overbuild as ob
        >>> study = ob.Study(lambda growth: {"sales": 100 * growth}, {"growth": ob.uniform(1, 2)})
        >>> found = study.run(2**14, seed=1).score({"sales": 160}).loc["sales"]
        >>> bool(found["in 50%"]), round(float(found["CRPS"]), 2)  # 100 (0.6^3 + 0.4^3) / 3
        (True, 9.33)
        """
        return scores.score(self.dataset, outcomes)

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write the summary as CSV, with all digits.

        Parameters
        ----------
        path : path, optional
            The file to write; the text is returned if not given.

        Returns
        -------
        str or None
            The text, in UTF-8 with commas, if there is no `path`. No value is an empty cell; text
            that a spreadsheet would take for a formula has an apostrophe before it.
        """
        return exporting.to_csv(self, path)

    def to_excel(self, path: str | os.PathLike[str]) -> None:
        """Write an Excel workbook: the summary, the inputs with their sources, and the study.

        Parameters
        ----------
        path : path
            The ``.xlsx`` file to write. Numbers have all digits; no text becomes a formula.

        Raises
        ------
        ImportError
            If openpyxl is not installed.
        """
        exporting.to_excel(self, path)

    def to_markdown(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write the summary as a Markdown table, with numbers of four digits.

        Parameters
        ----------
        path : path, optional
            The file to write; the text is returned if not given.

        Returns
        -------
        str or None
            The text if there is no `path`.
        """
        return exporting.to_markdown(self, path)

    def __repr__(self) -> str:
        return rendering.text(self)

    def _repr_html_(self) -> str:
        return notebooks.html(self)
