"""The computing core: one ufunc for each kernel, and what is no ufunc.

Ufuncs are made from the tables in ``src/<wing>/<topic>.rs`` and need no line here.
"""

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

_Floats: TypeAlias = NDArray[np.float64]

__version__: str

def __getattr__(name: str) -> np.ufunc: ...
def get_num_threads() -> int: ...
def set_num_threads(threads: int) -> None: ...
def occupancy(
    start: _Floats,
    end: _Floats,
    gpus: _Floats,
    row: NDArray[np.uint32] | None,
    rows: int,
    edges: _Floats,
) -> _Floats: ...
def peak(
    start: _Floats,
    end: _Floats,
    gpus: _Floats,
    row: NDArray[np.uint32] | None,
    rows: int,
    edges: _Floats,
) -> _Floats: ...
def fit_lead_times(
    families: list[int],
    lower: _Floats,
    upper: _Floats,
    entry: _Floats | None,
    weight: _Floats | None,
) -> _Floats: ...
def lead_time_curves(
    duration: _Floats,
    cause: NDArray[np.uint32],
    causes: int,
    entry: _Floats | None,
    weight: _Floats | None,
    z: float,
) -> tuple[list[_Floats], list[_Floats]]: ...
def capacity_cycle(
    numbers: list[_Floats],
    by_period: list[_Floats],
    by_lag: list[_Floats],
    out: list[_Floats],
) -> bool: ...
def row_statistics(
    values: _Floats, probabilities: list[float], weights: _Floats | None, replicates: bool
) -> tuple[_Floats, _Floats, NDArray[np.uint64]]: ...

@final
class StatisticsStream:
    block: ClassVar[int]
    def __new__(
        cls,
        count: int,
        draws: int,
        probabilities: list[float],
        weighted: bool,
        replicates: bool,
        limit: int,
    ) -> StatisticsStream: ...
    @property
    def needs(self) -> str: ...
    def weigh(self, weights: _Floats) -> None: ...
    def absorb(self, values: _Floats, weights: _Floats | None) -> None: ...
    def end_pass(self) -> None: ...
    def result(self) -> tuple[_Floats, _Floats, NDArray[np.uint64]]: ...

@final
class QuantileTable:
    def __new__(
        cls, lower: Callable[[_Floats], _Floats], upper: Callable[[_Floats], _Floats]
    ) -> QuantileTable: ...
    def ppf(self, u: _Floats) -> _Floats: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    @staticmethod
    def _restore(nodes: _Floats, low: float, high: float) -> QuantileTable: ...

@final
class SobolPoints:
    def __new__(cls, shifts: list[int], directions: list[int]) -> SobolPoints: ...
    def draw(self, table: QuantileTable, start: int, out: _Floats) -> None: ...
    def points(self, start: int, out: _Floats) -> None: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Copula:
    def __new__(cls, matrix: list[list[float]]) -> Copula: ...
    def points(
        self, points: list[SobolPoints], normal: QuantileTable, start: int, out: _Floats
    ) -> None: ...
    def lower(self) -> list[list[float]]: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Network:
    def __new__(
        cls,
        not_before: _Floats,
        from_: list[int],
        to: list[int],
        kind: list[int],
        lag: list[float],
    ) -> Network: ...
    def solve(self, durations: _Floats) -> tuple[list[_Floats], _Floats]: ...
    def simulate(
        self,
        durations: list[float | tuple[QuantileTable, SobolPoints]],
        milestones: list[int],
        draws: int,
    ) -> tuple[_Floats, _Floats, list[_Floats]]: ...
