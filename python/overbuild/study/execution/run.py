"""A run under way: draws made so far, and how to make more."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib.util
import os
import sys
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import xarray as xr

from overbuild.study.execution.chunks import Drawn, Work
from overbuild.study.execution.collecting import Collection
from overbuild.study.execution.executing import Chunk, drawing_ahead, in_order
from overbuild.study.inputs import REPLICATES
from overbuild.study.results import Result

# Without ipywidgets a notebook gets the plain bar, not a warning on import.
if importlib.util.find_spec("ipywidgets"):
    from tqdm.auto import tqdm
else:
    from tqdm import tqdm


@dataclasses.dataclass
class Run:
    """Work on a study's draws, and where they are collected.

    Attributes
    ----------
    work : Work
        What makes a chunk.
    collection : Collection
        Where chunks go.
    labelled : callable
        Gives the variables of a chunk their attributes.
    seed : int
        What the draws' scrambling began with.
    chunk : int
        Draws at once.
    executor : Executor or None
        What evaluates chunks.
    progress : bool or None
        Whether to show a bar; None lets the terminal decide.
    """

    work: Work
    collection: Collection
    labelled: Callable[[dict[str, xr.DataArray]], dict[str, xr.DataArray]]
    seed: int
    chunk: int
    executor: Executor | None
    progress: bool | None

    def extend(self, draws: int) -> None:
        """Go on until there are `draws` draws."""
        if self.collection.done < draws:
            self.collection.reserve(draws)
            with self.collection.writing():
                self._extend(draws)

    def _extend(self, draws: int) -> None:
        collection = self.collection
        bar = tqdm(
            total=draws,
            initial=collection.done,
            desc=self.work.model.name,
            unit="draw",
            unit_scale=True,
            delay=1.0 if self.progress is None else 0.0,
            disable=not (_is_watched() if self.progress is None else self.progress),
            leave=False,
        )
        # Closing makes sure that nothing goes on behind a run that has failed.
        with (
            bar,
            ThreadPoolExecutor(1, "overbuild") as helper,
            contextlib.closing(self._chunks(self._ranges(draws), helper)) as chunks,
        ):
            adding: Future[None] | None = None
            is_first = collection.done == 0
            for n, chunk in chunks:
                if adding is not None:
                    adding.result()
                labelled = self.labelled(chunk) if is_first else chunk
                # Chunks are put away while the model works on the next.
                adding = helper.submit(collection.add, labelled, n)
                is_first = False
                bar.update(n)
            if adding is not None:
                adding.result()

    def _chunks(
        self, ranges: Iterator[tuple[int, int]], helper: Executor
    ) -> Generator[tuple[int, Chunk]]:
        """Yield size and chunk for each start and size; here draws are made where they stay."""
        collection, work = self.collection, self.work
        if self.executor is not None:
            return in_order(work, ranges, self.executor)
        names = work.alone()

        def draw(start: int, n: int) -> Callable[[], Drawn]:
            return functools.partial(work.drawn, start, n, collection.room(names, start, n))

        return drawing_ahead(draw, work.outcome, ranges, helper)

    def _ranges(self, draws: int) -> Iterator[tuple[int, int]]:
        """Yield start and size of the chunks that are missing; borders are multiples of a chunk."""
        start = self.collection.done
        while start < draws:
            n = min(self.chunk - start % self.chunk, draws - start)
            yield start, n
            start += n

    def result(self, draws: int) -> Result:
        """Return the first `draws` draws."""
        attrs = {
            "model": self.work.model.name,
            "draws": draws,
            "seed": self.seed,
            "replicates": REPLICATES,
        }
        # What has no labels needs no alignment, which takes long.
        variables = {
            name: array if array.coords else array.variable
            for name, array in self.collection.arrays(draws).items()
        }
        return Result(xr.Dataset(variables, attrs=attrs))

    def partial(self) -> Result | None:
        """Return what is done, if anything is."""
        return self.result(self.collection.done) if self.collection.done else None


def _is_watched() -> bool:
    """Whether somebody sees a bar: in a terminal, or in a notebook, whose output is none.

    The environment variable of tqdm says that nobody does.
    """
    if os.environ.get("TQDM_DISABLE", "0") not in ("", "0"):
        return False
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel") or bool(getattr(sys.stderr, "isatty", bool)())
