"""Inputs that go together: a Gaussian copula from pairs, a matrix, or one shared factor."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from overbuild._core import Copula

#: What correlations computed elsewhere may be off by, from 1 or from each other.
_ROUNDING = 1e-9

#: What a study takes: a number for all pairs, a factor's loadings by name, correlations by pair
#: of names, or a matrix.
Given = float | Mapping[str, float] | Mapping[tuple[str, str], float] | pd.DataFrame


class CorrelationError(ValueError):
    """Correlations that no random quantities can have.

    Attributes
    ----------
    nearest : DataFrame
        The correlation matrix nearest to what was given, by sum of squares.
    """

    def __init__(self, message: str, nearest: pd.DataFrame) -> None:
        super().__init__(message, nearest)  # both, so that it can be pickled
        self.nearest = nearest

    def __str__(self) -> str:
        return str(self.args[0])


@dataclasses.dataclass(frozen=True)
class Correlation:
    """Labels that go together, and their copula."""

    labels: tuple[str, ...]
    copula: Copula


def as_correlation(given: Any, names: Mapping[str, Sequence[str]]) -> Correlation | None:
    """Return who goes together, and how; `names` has the labels of each random input.

    Raises
    ------
    CorrelationError
        If there is no such distribution.
    ValueError, TypeError
        If a name is no random input, or a number no correlation.
    """
    if given is None:
        return None
    matrix = _as_matrix(given, names)
    if matrix.empty:
        return None
    _check(matrix)
    return Correlation(tuple(matrix.index), Copula(matrix.to_numpy().tolist()))


def _as_matrix(given: Any, names: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    labels = [label for group in names.values() for label in group]
    if isinstance(given, pd.DataFrame):
        return _from_table(given, names)
    if isinstance(given, Mapping):
        by_pair = [isinstance(key, tuple) for key in given]
        if all(by_pair):
            return _from_pairs(given, names)
        if not any(by_pair):
            return _from_loadings(given, names)
        msg = "correlation has pairs and single names for keys; give one or the other"
        raise TypeError(msg)
    array = np.asarray(given)
    if array.dtype == bool:
        msg = f"correlation must be numbers from -1 to 1, got {given!r:.80}"
        raise TypeError(msg)
    if array.ndim == 0:
        rho = _coefficient("correlation", given)
        return _filled(labels, np.full((len(labels), len(labels)), rho))
    if array.shape != (len(labels), len(labels)):
        msg = (
            f"correlation has shape {array.shape}, but there are {len(labels)} random inputs: "
            f"{', '.join(labels) or 'none'}"
        )
        raise ValueError(msg)
    return _from_table(pd.DataFrame(array, index=labels, columns=labels), names)


def _from_table(table: pd.DataFrame, names: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Check a matrix with names on both sides."""
    rows, columns = list(table.index), list(table.columns)
    if set(rows) == set(columns) and len(set(rows)) == len(rows) == len(columns):
        table = table.loc[columns]
        rows = columns
    if rows != columns or len(set(rows)) != len(rows):
        msg = f"correlation has rows {rows} and columns {columns}; both must be the same names"
        raise ValueError(msg)
    for name in rows:
        if len(_labels_of(name, names)) != 1:
            msg = f"correlation: {name!r} has several positions; name each, as {name}[period=0]"
            raise ValueError(msg)
    for one, other in itertools.product(rows, rows):
        rho = _coefficient(f"correlation of {one} and {other}", table.loc[one, other])
        if one == other and abs(rho - 1) > _ROUNDING:
            msg = f"correlation of {one} with itself must be 1, got {rho}"
            raise ValueError(msg)
        if not math.isclose(rho, table.loc[other, one], abs_tol=_ROUNDING):
            msg = (
                f"correlation must be symmetric, but {one} and {other} have {rho} and "
                f"{table.loc[other, one]}"
            )
            raise ValueError(msg)
    values = table.to_numpy(dtype=float)
    labels = [_labels_of(name, names)[0] for name in rows]
    return _filled(labels, (values + values.T) / 2)


def _from_pairs(
    given: Mapping[tuple[str, str], Any], names: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    found: dict[frozenset[str], float] = {}
    for pair, value in given.items():
        if len(pair) != 2:
            msg = f"correlation: a pair has two names, got {pair!r}"
            raise ValueError(msg)
        rho = _coefficient(f"correlation of {pair[0]} and {pair[1]}", value)
        for one, other in _matched(*pair, names):
            key = frozenset((one, other))
            if len(key) == 1:
                msg = f"correlation of {one} with itself is not for choosing"
                raise ValueError(msg)
            if found.setdefault(key, rho) != rho:
                msg = f"correlation of {one} and {other} is given twice: {found[key]} and {rho}"
                raise ValueError(msg)
    together = {label for key in found for label in key}
    labels = [label for group in names.values() for label in group if label in together]
    matrix = _filled(labels, np.zeros((len(labels), len(labels))))
    for (one, other), rho in ((tuple(key), rho) for key, rho in found.items()):
        matrix.loc[one, other] = matrix.loc[other, one] = rho
    return matrix


def _matched(one: str, other: str, names: Mapping[str, Sequence[str]]) -> Sequence[tuple[str, str]]:
    """Return pairs of labels: position by position, or one with each position of the other."""
    ours, others = _labels_of(one, names), _labels_of(other, names)
    if len(ours) > 1 and len(others) > 1:
        places = [[label.partition("[")[2] for label in side] for side in (ours, others)]
        if places[0] != places[1]:
            msg = f"correlation: {one!r} and {other!r} have different positions; name each pair"
            raise ValueError(msg)
        return list(zip(ours, others, strict=True))
    return list(itertools.product(ours, others))


def _from_loadings(given: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the matrix of inputs that follow one shared factor, each by its loading."""
    loadings: dict[str, float] = {}
    for name, value in given.items():
        loading = _coefficient(f"loading of {name}", value)
        loadings.update(dict.fromkeys(_labels_of(name, names), loading))
    if len(loadings) < 2:
        msg = f"correlation: a shared factor is one of two inputs or more, got {', '.join(given)}"
        raise ValueError(msg)
    factor = np.array(list(loadings.values()))
    return _filled(list(loadings), np.outer(factor, factor))


def _filled(labels: Sequence[str], values: NDArray[np.float64]) -> pd.DataFrame:
    values = values.copy()
    np.fill_diagonal(values, 1.0)
    return pd.DataFrame(values, index=list(labels), columns=list(labels))


def _labels_of(name: str, names: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if name in names:
        return names[name]
    if any(name in group for group in names.values()):
        return [name]
    known = ", ".join(names) or "none"
    msg = f"correlation: {name!r} is no random input; there are {known}"
    raise ValueError(msg)


def _coefficient(what: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not abs(number) <= 1 + _ROUNDING:
        msg = f"{what} must be a number from -1 to 1, got {value!r}"
        raise ValueError(msg)
    return min(max(number, -1.0), 1.0)


def _check(matrix: pd.DataFrame) -> None:
    """Refuse what is not positive semidefinite: by how much, and what would be."""
    values = matrix.to_numpy()
    least = float(np.linalg.eigvalsh(values)[0])
    try:
        Copula(values.tolist())
    except ValueError:
        near = nearest_correlation(matrix)
        change = (near - matrix).abs().to_numpy()
        row, column = map(int, np.unravel_index(change.argmax(), change.shape))
        one, other = str(matrix.index[row]), str(matrix.columns[column])
        msg = (
            "correlation is not positive definite: no inputs can have these correlations all at "
            f"once. Its least eigenvalue is {least:.3g}, where none may be below 0. The nearest "
            f"matrix that can be differs by {change.max():.2g} at the most ({one} and {other}: "
            f"{near.to_numpy()[row, column]:.3f} in place of {values[row, column]:g}); it is "
            "attribute nearest of this error, and overbuild.study.nearest_correlation makes it"
        )
        raise CorrelationError(msg, near) from None


def nearest_correlation(matrix: pd.DataFrame | NDArray[np.float64]) -> pd.DataFrame:
    """Return the correlation matrix nearest to a symmetric one, by sum of squared differences.

    Parameters
    ----------
    matrix : DataFrame or array
        Symmetric, of shape (k, k); numbers without a unit.

    Returns
    -------
    DataFrame
        Positive semidefinite with ones on the diagonal, of shape (k, k).

    Raises
    ------
    ValueError
        If `matrix` is not square, symmetric and finite.

    Notes
    -----
    Source: N. J. Higham, "Computing the nearest correlation matrix: a problem from finance",
    *IMA Journal of Numerical Analysis* 22 (2002), 329-343, algorithm 3.3.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.study.nearest_correlation([[1, 1, 0], [1, 1, 1], [0, 1, 1]]).round(4).loc[0].tolist()
    [1.0, 0.7607, 0.1573]
    """
    table = pd.DataFrame(matrix)
    values = table.to_numpy(dtype=float)
    if (
        values.size == 0
        or values.shape[0] != values.shape[1]
        or not np.isfinite(values).all()
        or not np.array_equal(values, values.T)
    ):
        msg = f"matrix must be square, symmetric and finite, got:\n{table}"
        raise ValueError(msg)
    near, correction = values, np.zeros_like(values)
    for _ in range(10_000):
        shifted = near - correction
        eigenvalues, vectors = np.linalg.eigh(shifted)
        projected = (vectors * eigenvalues.clip(min=0)) @ vectors.T
        correction = projected - shifted
        previous, near = near, projected.copy()
        np.fill_diagonal(near, 1.0)
        if np.abs(near - previous).max() < 1e-13:
            break
    # The last projection made the diagonal right; scaling does so within the cone.
    scale = np.sqrt(np.diag(projected))
    # A hair inside of the cone, where rounding cannot put it out again.
    near = (1 - _ROUNDING) * projected / np.outer(scale, scale)
    np.fill_diagonal(near, 1.0)
    return pd.DataFrame((near + near.T) / 2, index=table.index, columns=table.columns)
