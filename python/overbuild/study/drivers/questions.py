"""What drives a result, and what knowing more would tell: methods of :class:`Result`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from overbuild.study.drivers import conditional, sensitivity

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Drivers:
    """Questions that draws of inputs and outputs answer together."""

    dataset: xr.Dataset

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
            - ``swing``: ``high`` less ``low``; 0 if P10 and P90 of the input are the same, NaN if
              the output has no value at one of them. Then the distance of the other from the
              output's median tells the input's place among the rows.

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

        Source: see :mod:`overbuild.study.drivers.association` and
        :mod:`overbuild.study.drivers.levelling`.

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
        the values neither widens nor moves the quantiles. Where an output has several branches
        there is no such line, and quantiles are off by what a branch varies by nearby.

        Source: see :mod:`overbuild.study.drivers.levelling`.

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

        Source: definition; quantiles and classes as in :mod:`overbuild.study.drivers.levelling`.

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
