"""A study: cited inputs and a model, run over draws."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import pandas as pd
import xarray as xr

from overbuild._calls import whole
from overbuild._core import QuantileTable
from overbuild.study.draws.correlation import as_correlation
from overbuild.study.draws.sampling import BITS, Sampler, tabulate_all
from overbuild.study.drivers.sobol import sobol
from overbuild.study.evidence.conditioning import conditioned
from overbuild.study.evidence.observations import as_evidence
from overbuild.study.execution import precision as precise
from overbuild.study.execution.chunks import MOST_AT_ONCE, Work
from overbuild.study.execution.collecting import Columns, check_dims
from overbuild.study.execution.evaluation import Model
from overbuild.study.execution.run import Run
from overbuild.study.inputs import as_inputs
from overbuild.study.results import Result
from overbuild.study.scenarios import as_scenarios, derived_grade, labels_of
from overbuild.study.tables import Table, read_inputs, read_scenarios

#: Draws of a run, and those a run to a stated precision begins with, unless told otherwise.
DRAWS, FIRST_DRAWS = 2**16, 2**12


class Study:
    r"""A model and its inputs, ready to be run.

    Parameters
    ----------
    model : callable
        A plain function of named inputs, or of ``**inputs``. A distribution comes as a DataArray
        of dimension ``draw``, a number as a float. It returns a dict from name to DataArray or
        number, a DataArray, or a Dataset, and works draw by draw: it must not sum or average
        over ``draw``.
    inputs : mapping, DataFrame or path
        For each name a number, an array, a DataArray, a distribution, an array of distributions,
        or an :class:`overbuild.Input` of one of these; or a table that
        :func:`overbuild.read_inputs` reads.
    units : mapping, optional
        Units of the outputs, by name; a unit that the model sets itself
        (``output.attrs["unit"]``) comes first.
    correlation : mapping, DataFrame, array or float, optional
        Which inputs go together: ``{("a", "b"): 0.5}`` for pairs (what is not named is
        independent), ``{"a": 0.8, "b": 0.6}`` for loadings on one shared factor (a and b get
        their product, 0.48), a matrix with names on both sides, a plain matrix for all random
        inputs in their order, or one number for all pairs. It is the correlation of normal
        scores (a Gaussian copula), which leaves each input its own distribution; that of ranks
        is :math:`(6/\pi) \arcsin(\rho/2)`, a little less.
    scenarios : mapping, DataFrame or path, optional
        For each name the inputs that it overrides: ``{"cheap": {"price": 1.5}}``; or a table
        that :func:`overbuild.read_scenarios` reads. Outputs get a
        dimension ``scenario`` and all scenarios the same draws, so that their differences
        (:meth:`Result.against`) are no noise. A scenario ``base`` that overrides nothing comes
        first unless it is given.

    Attributes
    ----------
    partial : Result or None
        What was done when the last run was interrupted or failed.

    Raises
    ------
    ValueError
        If the model needs an input that is not given, or does not know one that is; if an input
        is impossible, or correlations are (:class:`overbuild.study.CorrelationError`).
    TypeError
        If an input is no number, array or distribution.

    Examples
    --------
    >>> import overbuild as ob
    >>> def model(customer_hours, customer_share):
    ...     hours = 250_000 * 8_784
    ...     return {"utilization": ob.utilization.implied(customer_hours, customer_share, hours)}
    >>> study = ob.Study(model, {"customer_hours": ob.between(2.5e8, 3.5e8),
    ...                          "customer_share": 0.62})
    >>> study.run(draws=4096, seed=1).summary().loc["utilization", ["P5", "P50", "P95"]].round(3)
    P5     0.184
    P50    0.217
    P95    0.257
    Name: utilization, dtype: float64
    """

    def __init__(
        self,
        model: Callable[..., Any],
        inputs: Mapping[str, Any] | Table,
        units: Mapping[str, str] | None = None,
        *,
        correlation: Any = None,
        scenarios: Mapping[str, Any] | Table | None = None,
    ) -> None:
        if isinstance(inputs, str | os.PathLike | pd.DataFrame):
            inputs = read_inputs(inputs)
        self.inputs = as_inputs(inputs)
        self.model = Model.of(model, self.inputs)
        if units is not None and not isinstance(units, Mapping):
            msg = f"units must be a mapping from name of output to unit, got {units!r:.80}"
            raise TypeError(msg)
        self.units = dict(units or {})
        if isinstance(scenarios, str | os.PathLike | pd.DataFrame):
            scenarios = read_scenarios(scenarios)
        self.scenarios = as_scenarios(scenarios, self.inputs)
        labels = {name: list(self._distributions(name)) for name in self.inputs}
        random = {name: found for name, found in labels.items() if found}
        self.correlation = as_correlation(correlation, random)
        self.partial: Result | None = None

    def __repr__(self) -> str:
        named = [name for name in self.scenarios if name]
        scenarios = f", in scenarios {', '.join(named)}" if named else ""
        return f"<Study of {self.model.name}: {', '.join(self.inputs) or 'no inputs'}{scenarios}>"

    def _distributions(self, name: str) -> dict[str, Any]:
        """Return the labels that are random in some scenario, with a distribution of each."""
        return {
            label: distribution
            for inputs in self.scenarios.values()
            for label, distribution in inputs[name].distributions(name).items()
        }

    def run(
        self,
        draws: int | None = None,
        seed: int = 0,
        chunk: int | None = None,
        progress: bool | None = None,
        *,
        executor: Executor | None = None,
        store: str | os.PathLike[str] | None = None,
        precision: float | Mapping[str, float] | None = None,
        max_draws: int = 2**24,
    ) -> Result:
        """Draw the inputs, evaluate the model and label the outcome.

        Parameters
        ----------
        draws : int, optional
            Number of draws, from 1 to 2**32; powers of two of at least 256 are best, since they
            are Sobol' points, 16 scrambles in turn. 2**16 unless given. With `precision`, how
            many to begin with; 2**12 unless given.
        seed : int
            Seed of the scrambling, at least 0: the same seed gives the same numbers, whatever
            `chunk`, `executor` and the number of threads.
        chunk : int, optional
            Draws that the model gets at once: less memory if smaller, less overhead if larger.
            Unless given, 2**17, or less where numbers of so many would take more than 128 MB and
            there is neither `executor` nor `store`; the model is then tried with a few draws.
        progress : bool, optional
            Whether to show a progress bar; by default in a terminal or notebook, when a run
            takes more than a second.
        executor : concurrent.futures.Executor, optional
            What evaluates the chunks: threads, processes, ``client.get_executor()`` of a Dask
            cluster. Without one the model runs here, and the kernels use all cores; where
            several processes share a machine, ``OVERBUILD_NUM_THREADS=1`` keeps them from
            disturbing each other. Threads call the model at the same time, so it must not
            change what is around it.
        store : path, optional
            A folder for a Zarr store to put draws into as they come. If it holds draws of this
            study, the run goes on behind them, even if the one before was killed. The result
            stays lazy. One run at a time writes into a store.
        precision : float or mapping, optional
            Standard error that is small enough, as a share of the range from P5 to P95, for each
            of P5, P50 and P95 of all outputs, or of those named. Draws are doubled until then.
        max_draws : int
            Where doubling ends, with a warning.

        Returns
        -------
        Result
            With all inputs and outputs over dimension ``draw``. If a run is interrupted or
            fails, what is done is in attribute ``partial`` of the study.

        Raises
        ------
        ValueError
            If a number is out of range, an output is no array of numbers over the draws, or the
            store holds something else: draws of other inputs, of another seed or model.
        RuntimeError
            If another run writes into the store.
        TypeError
            If the model returns something else than named numbers.
        ImportError
            If there is a `store`, but Zarr and Dask are not installed.
        """
        if draws is None:
            draws = DRAWS if precision is None else FIRST_DRAWS
        draws = whole("draws", draws, 1, 2**BITS)
        most = draws if precision is None else whole("max_draws", max_draws, draws, 2**BITS)
        seed = whole("seed", seed)
        chunk = None if chunk is None else whole("chunk", chunk, 1)
        wanted = precise.as_wanted(precision)
        if executor is not None and (isinstance(executor, type) or not hasattr(executor, "submit")):
            msg = f"executor must be an executor with a method submit, got {executor!r:.80}"
            raise TypeError(msg)
        self.partial = None
        work = self.work(most, seed)
        if chunk is None:
            is_here = executor is None and store is None
            chunk = work.at_once(most) if is_here else MOST_AT_ONCE
        if store is None:
            collection: Any = Columns(draws)
        else:
            from overbuild.study.stores.storing import Store  # Zarr and Dask are an extra

            collection = Store(store, work, self._labelled, seed, chunk, most)
        run = Run(work, collection, self._labelled, seed, chunk, executor, progress)
        try:
            while True:
                run.extend(draws)
                result = run.result(draws)
                if precise.is_met(result, wanted):
                    return result
                if draws == most:
                    warnings.warn(precise.shortfall(result, wanted), stacklevel=2)
                    return result
                draws = min(2 * draws, most)
        except BaseException as error:
            self.partial = run.partial()
            if self.partial is not None:
                done = f"{collection.done:,} draws are done, and in attribute partial of the study"
                error.add_note(done)
            raise

    def condition(
        self,
        evidence: Mapping[str, Any] | None = None,
        /,
        *,
        draws: int = 2**13,
        seed: int = 0,
        **named: Any,
    ) -> Result:
        """Draw inputs and outputs given evidence, however rare it is that draws agree with it.

        :meth:`Result.given` weighs draws that are there; where too few agree, this looks for
        others: sequential Monte Carlo from the prior to the posterior, which evaluates the model
        some hundred times as often as there are draws.

        Parameters
        ----------
        evidence : mapping, optional
            Evidence by name or by label of a position, as for :meth:`Result.given`.
        draws : int
            Draws to return, at least 512.
        seed : int
            Seed of all that is left to chance, at least 0.
        **named
            The same as keywords: ``condition(revenue=(1.91e9, 1.92e9), draws=2**14)``.

        Returns
        -------
        Result
            Draws of equal weight of all inputs and outputs; attribute ``log_evidence`` of the
            data set is the log of the prior probability of ranges, or density of distributions.
            Standard errors are from 16 parts that are resampled each on its own.

        Raises
        ------
        ValueError
            If there is no evidence, no such variable, or nothing that agrees is found.
        TypeError
            If evidence is a bare number, which no draw meets, or has no density.

        Warns
        -----
        UserWarning
            If draws have not become independent of where they began.

        Notes
        -----
        The same seed gives the same draws on the same machine. Evidence more than six standard
        deviations out on a single input is beyond the tables that inputs are drawn with.

        Source: P. Del Moral, A. Doucet, A. Jasra, "Sequential Monte Carlo samplers", *JRSS B* 68
        (2006), 411-436.

        Examples
        --------
        >>> import overbuild as ob
        >>> from scipy import stats
        >>> study = ob.Study(lambda a, b: {"sum": a + b}, {"a": stats.norm(), "b": stats.norm()})
        >>> result = study.condition(sum=stats.norm(5, 0.01), draws=4096, seed=1)
        >>> print(result.dataset["a"].mean().round(1).item())
        2.5
        """
        draws = whole("draws", draws, 512, 2**BITS)
        seed = whole("seed", seed)
        work = self.work(max(draws, 2**12), seed)
        return conditioned(work, self._labelled, as_evidence(evidence, named), draws, seed)

    def sobol(
        self,
        draws: int = 2**13,
        seed: int = 0,
        outputs: str | Sequence[str] | None = None,
        chunk: int | None = None,
    ) -> pd.DataFrame:
        r"""Share out the variance of outputs: what each input explains, alone and in all.

        .. math::

            S_i = \frac{\operatorname{Var}(E[y \mid x_i])}{\operatorname{Var}(y)}, \quad
            T_i = 1 - \frac{\operatorname{Var}(E[y \mid x_{-i}])}{\operatorname{Var}(y)}

        Parameters
        ----------
        draws : int
            Draws of each of the two matrices that are mixed, a power of two, at least 256. The
            model is evaluated `draws` times the number of random inputs and two more; outputs
            asked for are kept in memory.
        seed : int
            Seed of the scrambling, at least 0.
        outputs : str or sequence of str, optional
            Names of outputs, or labels of their positions; all if not given.
        chunk : int, optional
            Draws that the model gets at once, as for :meth:`run`.

        Returns
        -------
        DataFrame
            Rows by output and input, for each output the input with most in all first. Columns
            ``first_order`` and ``total_order``, fractions of 1, each followed by its standard
            error over 16 independent scrambles (``SE first_order``, ``SE total_order``).
            ``attrs["units"]`` are the units of the outputs.

        Raises
        ------
        ValueError
            If `draws` is no power of two or too small, an output has a draw that is NaN or
            infinite, no input is random, or inputs are correlated.
        KeyError
            If there is no such output.

        Notes
        -----
        Where total and first order differ, an input acts together with others. An estimate can
        be slightly below 0. Indices of an output that is the same in all draws are NaN.

        Source: A. Saltelli et al., "Variance based sensitivity analysis of model output",
        *Computer Physics Communications* 181 (2010), 259-270, as in ``scipy.stats.sobol_indices``.

        Examples
        --------
        >>> import overbuild as ob
        >>> from scipy import stats
        >>> study = ob.Study(lambda a, b: {"product": a * b},
        ...                  {"a": stats.norm(2, 1), "b": stats.norm(1, 1)})
        >>> study.sobol(2**14)[["first_order", "total_order"]].loc["product"].round(1)
               first_order  total_order
        input
        b              0.7          0.8
        a              0.2          0.3
        """
        draws = whole("draws", draws, 1, 2**BITS)
        seed = whole("seed", seed)
        chunk = None if chunk is None else whole("chunk", chunk, 1)
        return sobol(self, draws, seed, chunk, outputs)

    def work(self, draws: int, seed: int) -> Work:
        """Return what makes chunks of up to `draws` draws."""
        labels = [label for name in self.inputs for label in self._distributions(name)]
        sampler = Sampler.of(labels, draws, seed, self.correlation)
        return Work(self.model, self.scenarios, self._tables, sampler)

    @functools.cached_property
    def _tables(self) -> dict[str, dict[str, QuantileTable]]:
        return {
            scenario: tabulate_all(
                {
                    label: distribution
                    for name, given in inputs.items()
                    for label, distribution in given.distributions(name).items()
                }
            )
            for scenario, inputs in self.scenarios.items()
        }

    def _labelled(self, chunk: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
        """Return all inputs and outputs, with what a reader has to know of each."""
        variables = {}
        for name, given in self.inputs.items():
            value = chunk[name] if name in chunk else xr.DataArray(given.value)
            labels = labels_of(name, self.scenarios)
            variables[name] = value.assign_attrs(role="input", **labels)
        outputs = {name: value for name, value in chunk.items() if name not in self.inputs}
        for name, value in outputs.items():
            unit = str(value.attrs.get("unit", self.units.get(name, "")))
            source, grade = f"computed by {self.model.name}", derived_grade(self.scenarios)
            labels = {"role": "output", "unit": unit, "source": source, "grade": grade}
            variables[name] = value.assign_attrs(labels)
        if unknown := sorted(self.units.keys() - outputs.keys()):
            msg = (
                f"units are given for {', '.join(unknown)}, which {self.model.name} does not return"
            )
            raise ValueError(msg)
        check_dims(variables)
        return variables
