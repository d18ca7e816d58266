"""Values that rows of a table stand for: constants and distributions by word."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from overbuild.study import distributions as forms
from overbuild.study.inputs import Input, settled
from overbuild.study.tables.cells import number, number_list, text
from overbuild.study.tables.grid import Row

LABELS = ("unit", "date", "published", "source", "grade", "note")
_NUMBERS = ("value", "low", "mode", "high", "level")
_LISTS = ("values", "weights")
_TRUNCATE = ("truncate_low", "truncate_high")
_CLIP = ("clip_low", "clip_high")
_CHANGES = (*_TRUNCATE, *_CLIP, "zero_share")
COLUMNS = ("name", "distribution", *_NUMBERS, *_LISTS, *_CHANGES, *LABELS)


@dataclasses.dataclass(frozen=True)
class Kind:
    """How to make a kind of value, from columns that it needs and others that it may have."""

    make: Callable[..., Any]
    needs: tuple[str, ...]
    may_have: tuple[str, ...] = ()


def _normal(low: float, high: float, level: float = 0.9) -> Any:
    return forms.between(low, high, level, kind="normal")


_RANGE, _GUESS = ("low", "high"), ("low", "mode", "high")

#: By the word in column `distribution`.
KINDS: Mapping[str, Kind] = {
    "constant": Kind(lambda value: value, ("value",)),
    "lognormal": Kind(forms.between, _RANGE, ("level",)),
    "normal": Kind(_normal, _RANGE, ("level",)),
    "uniform": Kind(forms.uniform, _RANGE),
    "loguniform": Kind(forms.loguniform, _RANGE),
    "triangular": Kind(forms.triangular, _GUESS),
    "pert": Kind(forms.pert, _GUESS),
    "beta": Kind(forms.beta, _RANGE, ("level",)),
    "gamma": Kind(forms.gamma, _RANGE, ("level",)),
    "weibull": Kind(forms.weibull, _RANGE, ("level",)),
    "choice": Kind(forms.choice, ("values",), ("weights",)),
    "empirical": Kind(
        lambda values, weights=None: forms.empirical(values, weights), ("values",), ("weights",)
    ),
}


def input_of(rows: list[Row]) -> Input:
    """Return what one row stands for, or what several of one name do: a mixture."""
    if len(rows) == 1:
        row = rows[0]
        return row.given or Input(_value(row, in_mixture=False), **_labels(row))
    return Input(_mixture(rows), **common_labels(rows, LABELS))


def common_labels(rows: list[Row], words: tuple[str, ...]) -> dict[str, str]:
    """Return the labels of rows that belong together: those of the first, with which all agree."""
    first = labels_of(rows[0])
    for row in rows[1:]:
        labels = labels_of(row)
        for word in words:
            if word in labels and labels[word] != first.get(word):
                reason = (
                    f"{labels[word]!r} here, but {first.get(word, '')!r} in row {rows[0].number}; "
                    "rows of one name must agree, or leave it to the first"
                )
                raise row.fault([word], reason)
    return {word: first[word] for word in words if word in first}


def labels_of(row: Row) -> dict[str, str]:
    """Return all but the value of a row."""
    return row.given.labels if row.given else _labels(row)


def checked(row: Row, name: str) -> Row:
    """Return a row whose ready value, if it has one, can be an input."""
    if row.given is None:
        return row
    try:
        value = settled(name, row.given.value)
    except (ValueError, TypeError) as error:
        raise row.fault(["value"], error) from error
    return dataclasses.replace(row, given=dataclasses.replace(row.given, value=value))


def _labels(row: Row) -> dict[str, str]:
    return {word: text(row.cells[word]) for word in LABELS if word in row.cells}


def _mixture(rows: list[Row]) -> Any:
    if bare := [row for row in rows if "weights" not in row.cells]:
        row = bare[-1]
        if row is rows[0]:
            reason = f"this name has another row, row {rows[1].number}"
        else:
            reason = f"this name has a row already, row {rows[0].number}"
        raise row.fault(["name", "weights"], f"{reason}; rows of a mixture each need a weight")
    weights = [_parsed(row, "weights", _weight) for row in rows]
    if not any(weights):
        raise rows[-1].fault(["weights"], "the weights of this name are all 0")
    return forms.mixture([_value(row, in_mixture=True) for row in rows], weights)


def _weight(cell: Any) -> float:
    weight = number(cell)
    if weight < 0:
        msg = f"a weight must not be negative, got {weight:g}"
        raise ValueError(msg)
    return weight


def _value(row: Row, *, in_mixture: bool) -> Any:
    word = text(row.cells.get("distribution", "constant")).lower()
    if word not in KINDS:
        raise row.fault(["distribution"], _unknown(word))
    kind = KINDS[word]
    given = {column: _parsed(row, column, number) for column in _NUMBERS if column in row.cells}
    lists = [column for column in _LISTS if column in row.cells]
    if in_mixture:  # there it is the weight of the row
        lists.remove("weights")
    given |= {column: _parsed(row, column, number_list) for column in lists}
    _check_columns(row, word, kind, given)
    try:
        value = kind.make(**given)
    except ValueError as error:
        named = [column for column in given if re.search(rf"\b{column}\b", str(error))]
        raise row.fault(named or list(given), error) from error
    return _changed(row, value)


def _unknown(word: str) -> str:
    if word == "mixture":
        return (
            "a mixture is several rows of one name, each with a distribution of its own and a "
            "number in column weights"
        )
    return f"unknown distribution {word!r}; it can be {', '.join(KINDS)}"


def _check_columns(row: Row, word: str, kind: Kind, given: Mapping[str, Any]) -> None:
    if missing := [column for column in kind.needs if column not in given]:
        hint = "; name another in column distribution" if word == "constant" and given else ""
        raise row.fault(missing, f"{word} needs {' and '.join(missing)}{hint}")
    extra = [column for column in given if column not in (*kind.needs, *kind.may_have)]
    if extra == ["weights"]:
        reason = f"{word} has no weights; they are for choice, for empirical, and for several rows"
        raise row.fault(extra, f"{reason} of one name, a mixture")
    if extra:
        raise row.fault(extra, f"{word} has no {' and no '.join(extra)}")


def _changed(row: Row, value: Any) -> Any:
    """Return a value truncated, then clipped, then zero at times, as far as the row says."""
    for columns, change in ((_TRUNCATE, forms.truncated), (_CLIP, forms.clipped)):
        bounds = {
            column.rpartition("_")[2]: _parsed(row, column, number)
            for column in columns
            if column in row.cells
        }
        if bounds:
            filled = [column for column in columns if column in row.cells]
            try:
                value = _bounded(value, bounds, change)
            except ValueError as error:
                raise row.fault(filled, error) from error
    if "zero_share" in row.cells:
        share = _parsed(row, "zero_share", number)
        if not 0 <= share <= 1:
            raise row.fault(["zero_share"], f"it must be from 0 to 1, got {share:g}")
        value = forms.zero_inflated(value, share)
    return value


def _bounded(value: Any, bounds: dict[str, float], change: Callable[..., Any]) -> Any:
    """Return a distribution within bounds; a constant must lie within them as it is."""
    if not isinstance(value, float):
        return change(value, **bounds)
    low, high = bounds.get("low", value), bounds.get("high", value)
    if not low <= value <= high:
        msg = f"the constant {value:g} lies beyond"
        raise ValueError(msg)
    return value


def _parsed(row: Row, column: str, parse: Callable[[Any], Any]) -> Any:
    try:
        return parse(row.cells[column])
    except ValueError as error:
        raise row.fault([column], error) from error
