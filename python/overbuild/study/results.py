"""The outcome of a study: a labelled data set, its summary and its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from overbuild.study import conditional, rendering, scenarios, sensitivity
from overbuild.study.inputs import DRAW
from overbuild.study.labels import places
from overbuild.study.scenarios import BASE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Quantiles that are shown unless others are asked for.
QUANTILES = (0.05, 0.5, 0.95)

#: Column of the summary that counts draws without a value.
MISSING = "NaN draws"


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
            draws have no value there and are left out of that row.

        Raises
        ------
        ValueError
            If a probability is not between 0 and 1, or they do not rise.
        """
        probabilities = checked(quantiles)
        names = [f"P{100 * p:.10g}" for p in probabilities]
        labels, rows = [], []
        for label, variable, values in self._rows():
            present = values[~np.isnan(values)]
            # Infinities of both signs have no mean: NaN, and no warning.
            with np.errstate(invalid="ignore"):
                mean = present.mean() if present.size else np.nan
            words = [variable.attrs.get(word, "") for word in ("unit", "source", "grade")]
            missing = values.size - present.size
            labels.append(label)
            rows.append([*quantiles_of(present, probabilities), mean, *words, missing])
        columns = [*names, "mean", "unit", "source", "grade", MISSING]
        return pd.DataFrame(rows, index=pd.Index(labels, name="variable"), columns=columns)

    def _rows(self) -> Iterator[tuple[str, xr.DataArray, NDArray[np.float64]]]:
        """Yield label, variable and draws for each row of the summary."""
        for variable in self.dataset.data_vars.values():
            for label, place in places(variable, without=DRAW):
                yield label, variable, np.atleast_1d(variable.isel(place).values)

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

    def sensitivity(
        self,
        outputs: str | Sequence[str] | None = None,
        inputs: str | Sequence[str] | None = None,
    ) -> pd.DataFrame:
        r"""Say what drives what: how each input goes with each output, from the draws made.

        Parameters
        ----------
        outputs, inputs : str or sequence of str, optional
            Names of variables, or labels of their positions such as ``gpus[period=3]``; all if
            not given. Inputs that are the same in all draws are left out.

        Returns
        -------
        DataFrame
            Rows by output and input, for each output the input first that swings it most; by
            input alone where `outputs` is a name with one position. An output in a scenario has
            the inputs of that scenario. Columns:

            - ``rank_correlation``: Spearman's, from -1 to 1;
            - ``first_order``: share of the output's variance that the input explains alone,
              :math:`\operatorname{Var}(E[y \mid x]) / \operatorname{Var}(y)`, a fraction of 1;
            - ``low``, ``high``: median of the output where the input is at its P10 and at its
              P90, in the output's unit;
            - ``swing``: ``high`` less ``low``; 0 if P10 and P90 of the input are the same.

            ``attrs`` of a table of one output are ``output``, ``unit`` and ``centre``, its
            median; of more, ``units`` and ``centres`` by output.

        Raises
        ------
        KeyError
            If there is no such variable or position.
        ValueError
            If what is asked for is the same in all draws.

        Notes
        -----
        Shares of independent inputs sum to at most 1; the rest is what inputs do together (see
        :meth:`overbuild.Study.sobol`). Inputs that are correlated, as after evidence, each
        explain what they share, so their shares can sum to more. An input that does not matter
        scatters about 0, so a share can be slightly negative.

        Weights of draws count in all columns. Draws where an output has no value are left out of
        its rows. Infinite draws have a rank and count in medians, but an output with some has no
        variance: its shares are NaN. So are the shares and correlations of an output that is the
        same in all draws.

        Source: see :mod:`overbuild.study.association` and :mod:`overbuild.study.levelling`.

        Examples
        --------
        >>> import overbuild as ob
        >>> from scipy import stats
        >>> study = ob.Study(lambda a, b: {"sum": 3 * a + 4 * b},
        ...                  {"a": stats.norm(), "b": stats.norm()})
        >>> study.run().sensitivity("sum")[["first_order", "low", "high"]].round(1)
               first_order  low  high
        input
        b              0.6 -5.1   5.1
        a              0.4 -3.8   3.8
        """
        return sensitivity.sensitivity(self.dataset, outputs, inputs)

    def conditional(self, output: str | None = None, *, given: str) -> pd.DataFrame:
        """Quantiles of an output where an input is known, by the input's value.

        Parameters
        ----------
        output : str, optional
            An output, or the label of one of its positions; the first if not given.
        given : str
            An input likewise, or another output.

        Returns
        -------
        DataFrame
            Indexed by values of `given`, in its unit: up to 32 of equal probability, or each that
            many draws share. Columns ``P5``, ``P25``, ``P50``, ``P75``, ``P95``, in the output's
            unit; ``attrs`` are ``output``, ``input``, ``output_unit``, ``input_unit``.

        Raises
        ------
        KeyError
            If there is no such variable or position.
        ValueError
            If one is the same in all draws, or has several positions.

        Notes
        -----
        Draws near a value of `given` are moved to it along a line, so that what it does between
        the values neither widens nor moves the quantiles.

        Source: see :mod:`overbuild.study.levelling`.

        Examples
        --------
        >>> import overbuild as ob
        >>> from scipy import stats
        >>> study = ob.Study(lambda fleet, price: {"revenue": fleet * price},
        ...                  {"fleet": ob.between(50, 200), "price": stats.randint(2, 5)})
        >>> study.run().conditional("revenue", given="price")["P50"].round()
        price
        2.0    200.0
        3.0    300.0
        4.0    400.0
        Name: P50, dtype: float64
        """
        return conditional.conditional(self.dataset, output, given)

    def what_if(self, name: str, output: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw an output against one input.

        Parameters
        ----------
        name : str
            An input, or the label of one of its positions.
        output : str, optional
            An output likewise; the first if not given.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib.axes.Axes
            With the quantiles that :meth:`conditional` gives.

        Raises
        ------
        KeyError, ValueError
            As in :meth:`conditional`.
        ImportError
            If matplotlib is not installed.
        """
        from overbuild import plot  # matplotlib is an extra

        return plot.what_if(self.conditional(output, given=name), ax=ax)

    def voi(
        self,
        output: str | None = None,
        inputs: str | Sequence[str] | None = None,
        level: float = 0.9,
    ) -> pd.DataFrame:
        """Value of information: how much narrower an output would get if an input were known.

        Parameters
        ----------
        output : str, optional
            An output, or the label of one of its positions; the first if not given.
        inputs : str or sequence of str, optional
            Names or labels; all that differ between draws if not given.
        level : float
            Probability of the central interval, a fraction between 0 and 1.

        Returns
        -------
        DataFrame
            By input, the most worth knowing first. ``width`` of the interval now and
            ``expected_width`` if the input were known exactly, in the output's unit;
            ``width_reduction``, 1 less their ratio; ``std``, ``expected_std`` and
            ``std_reduction`` likewise of the standard deviation; ``SE width_reduction`` and
            ``SE std_reduction``, standard errors over the replicates of the draws, NaN if there
            are none. ``attrs`` are ``output``, ``unit`` and ``level``.

        Raises
        ------
        KeyError
            If there is no such variable or position.
        ValueError
            If `level` is not between 0 and 1, `output` has several positions, or what is asked
            for is the same in all draws.

        Notes
        -----
        What will be learned is not known yet, so widths are averaged over what is believed of
        the input now. This is the value of learning the input, in width, and not in money. The
        interval can also widen: knowing tells which of the narrow and wide cases holds.

        A tail of 5% takes a class of 14 draws or more; rarer values of an input are left out.

        Source: definition; quantiles and classes as in :mod:`overbuild.study.levelling`.

        Examples
        --------
        >>> import overbuild as ob
        >>> from scipy import stats
        >>> study = ob.Study(lambda a, b: {"sum": 3 * a + 4 * b},
        ...                  {"a": stats.norm(), "b": stats.norm()})
        >>> study.run().voi("sum")["width_reduction"].round(2)
        input
        b    0.4
        a    0.2
        Name: width_reduction, dtype: float64
        """
        return conditional.value_of_information(self.dataset, output, inputs, level)

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

    def _title(self) -> str:
        attrs = self.dataset.attrs
        return f"{attrs['model']}: {attrs['draws']:,} draws, seed {attrs['seed']}"

    def _shown(self) -> pd.DataFrame:
        """Return the summary with its numbers as text; NaN draws only if there are any."""
        table = self.summary()
        return rendering.as_text(table if table[MISSING].any() else table.drop(columns=MISSING))

    def __repr__(self) -> str:
        return f"{self._title()}\n{self._shown().drop(columns='source').to_string()}"

    def _repr_html_(self) -> str:
        return rendering.as_html(self._title(), self._shown())


def checked(quantiles: Sequence[float]) -> NDArray[np.float64]:
    """Return `quantiles` as an array of probabilities that rise."""
    probabilities = np.asarray(quantiles, dtype=float)
    if (
        probabilities.ndim != 1
        or not ((probabilities >= 0) & (probabilities <= 1)).all()
        or not (np.diff(probabilities) > 0).all()
    ):
        msg = f"quantiles must be rising probabilities from 0 to 1, got {quantiles!r}"
        raise ValueError(msg)
    return probabilities


def quantiles_of(values: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[Any]:
    """Return quantiles of draws that may be infinite, but not NaN."""
    if values.size == 0:
        return np.full(p.shape, np.nan)
    with np.errstate(invalid="ignore"):
        found = np.quantile(values, p)
    # Between two infinities there is nothing to interpolate.
    broken = np.isnan(found)
    if broken.any():
        found[broken] = np.quantile(values, p[broken], method="lower")
    return found
