"""Evidence: what has been observed of inputs and outputs, and what it says of each draw."""

from __future__ import annotations

import dataclasses
import numbers
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from overbuild.study.inputs import DRAW, WEIGHT, Input, settled
from overbuild.study.labels import Place, places, tidy

#: Draws that must count for quantiles to be trusted.
ENOUGH = 1_000


@dataclasses.dataclass(frozen=True)
class Observation:
    """What is known of one position of a variable.

    Attributes
    ----------
    label : str
        The position's name.
    variable : str
        The variable's name.
    place : dict
        Where along its dimensions.
    low, high : float
        The range outside of which the value cannot be.
    text : str
        The observation in words.
    log_density : callable or None
        Log of how likely the observation is if the variable has a value in the range; None if
        it is the same for all.
    """

    label: str
    variable: str
    place: Place
    low: float
    high: float
    text: str
    log_density: Callable[[Any], Any] | None

    def values(self, variables: Mapping[Any, xr.DataArray]) -> NDArray[np.float64]:
        """Return the draws of the position."""
        return variables[self.variable].isel(self.place).to_numpy().astype(float, copy=False)

    def log_likelihood(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how well each value agrees; minus infinity where it cannot be, or is NaN."""
        possible = (values >= self.low) & (values <= self.high)
        if self.log_density is None:
            return np.where(possible, 0.0, -np.inf)
        with np.errstate(all="ignore"):
            density = np.asarray(self.log_density(np.where(possible, values, np.nan)), dtype=float)
        return np.where(possible & ~np.isnan(density), density, -np.inf)

    def __str__(self) -> str:
        return f"{self.label} {self.text}"


def observations(
    evidence: Mapping[str, Any], variables: Mapping[Any, xr.DataArray]
) -> list[Observation]:
    """Check evidence on some of `variables`, by name or by label of a position.

    Raises
    ------
    ValueError, TypeError
        If there is none, of no variable, or of a kind that says nothing of a draw.
    """
    if not evidence:
        msg = "no evidence is given; name a variable and a range or distribution, as in y=(1, 2)"
        raise ValueError(msg)
    named = [
        (label, (str(name), place))
        for name, variable in variables.items()
        for label, place in places(variable.rename(name), without=DRAW)
    ]
    known = dict(named)
    shared = Counter(label for label, _ in named)
    found = []
    for name, value in evidence.items():
        for label, one in _by_position(name, value, known).items():
            if shared[label] > 1:
                msg = f"evidence on {label}: {shared[label]} positions are called so; relabel them"
                raise ValueError(msg)
            variable, place = known[label]
            if DRAW not in variables[variable].dims:
                msg = f"evidence on {label}: it is the same in all draws, so none can agree better"
                raise ValueError(msg)
            found.append(Observation(label, variable, place, *_as_likelihood(label, one)))
    return found


def _by_position(name: str, value: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return evidence by label: one position, or each of an array."""
    value = value.value if isinstance(value, Input) else value
    if isinstance(value, xr.DataArray):
        array = value.rename(name)
        by_label = {label: array.isel(place).item() for label, place in places(array, DRAW)}
    else:
        by_label = {name if name in known else tidy(str(name)): value}
    for label in by_label:
        if label in known:
            continue
        ours = [other for other in known if other.startswith(f"{label}[")]
        if ours:
            msg = (
                f"evidence on {label}: it has {len(ours)} positions; name one, such as "
                f'given({{"{ours[-1]}": …}})'
            )
            raise ValueError(msg)
        msg = f"evidence on {label}: no such variable; there are {', '.join(known)}"
        raise ValueError(msg)
    return by_label


def _as_likelihood(label: str, value: Any) -> tuple[float, float, str, Any]:
    """Return range, words and log density of what has been observed."""
    if isinstance(value, tuple | list) and len(value) == 2:
        low, high = (
            end if one is None else _number(label, one)
            for one, end in zip(value, (-np.inf, np.inf), strict=True)
        )
        if not low <= high or (low == -np.inf and high == np.inf):
            msg = f"evidence on {label}: the range from {low:g} to {high:g} tells nothing"
            raise ValueError(msg)
        return low, high, f"from {low:.4g} to {high:.4g}", None
    if isinstance(value, numbers.Real | np.ndarray):
        msg = (
            f"evidence on {label}: {value} does not say how well it is known; give a range (low, "
            "high), where both can be the same, or a distribution such as ob.between(low, high)"
        )
        raise TypeError(msg)
    try:
        distribution = settled(label, value)
    except (TypeError, ValueError) as error:
        msg = f"evidence on {label}: {str(error).removeprefix('input ')}"
        raise type(error)(msg) from error
    if isinstance(distribution, float | xr.DataArray):
        msg = f"evidence on {label} must be a range or a distribution, got {value!r}"
        raise TypeError(msg)
    below, above = Input(distribution).quantile_functions()
    text = f"about {below(0.5):.4g} ({below(0.05):.4g} to {above(0.05):.4g})"
    return float(below(0.0)), float(above(0.0)), text, _log_density(label, distribution)


def _number(label: str, value: Any) -> float:
    if not isinstance(value, numbers.Real) or np.isnan(float(value)):
        msg = (
            f"evidence on {label}: a range has two numbers, or None for an open end, got {value!r}"
        )
        raise TypeError(msg)
    return float(value)


def _log_density(label: str, distribution: Any) -> Callable[[Any], Any]:
    """Return the first of its densities that is finite at the median, as a logarithm."""
    median = Input(distribution).quantile_functions()[0](0.5)
    for name in ("logpdf", "pdf", "logpmf", "pmf"):
        density: Callable[[Any], Any] | None = getattr(distribution, name, None)
        if density is None:
            continue
        try:
            at_median = float(density(median))
        except (NotImplementedError, TypeError, ValueError):
            continue
        if np.isfinite(at_median):
            return density if name.startswith("log") else _logarithm(density)
    msg = (
        f"evidence on {label}: the distribution has no density, so it does not say how well a "
        "draw agrees; give a range or another distribution"
    )
    raise TypeError(msg)


def _logarithm(density: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: np.log(density(x))


def weighted(dataset: xr.Dataset, evidence: Mapping[str, Any]) -> xr.Dataset:
    """Return a data set whose draws weigh as much as they agree with the evidence."""
    found = observations(evidence, dataset.data_vars)
    draws = dataset.sizes[DRAW]
    with np.errstate(divide="ignore"):
        log_weight: NDArray[np.float64] = np.log(weights_of(dataset))
    for one in found:
        log_weight = log_weight + one.log_likelihood(one.values(dataset.data_vars))
    best = log_weight.max()
    if best == -np.inf:
        raise ValueError(_no_draw(found, dataset.data_vars))
    # A density can be infinite; a draw that is there counts as any other that is.
    weight = np.exp(log_weight - best) if best < np.inf else (log_weight == np.inf).astype(float)
    weight /= weight.sum()
    texts = [*dataset.attrs.get("evidence", []), *map(str, found)]
    result = dataset.assign_coords({WEIGHT: (DRAW, weight)}).assign_attrs(evidence=texts)
    effective = effective_sample_size(result)
    if effective < min(ENOUGH, draws):
        needed = 2 ** int(np.ceil(np.log2(draws * ENOUGH / effective)))
        way = f"run {needed:,} draws, or use" if needed <= 2**26 else "use"
        msg = (
            f"the evidence leaves {effective:,.0f} of {draws:,} draws' worth (effective sample "
            f"size), too few to trust quantiles; {way} Study.condition, which looks for draws "
            "that agree"
        )
        warnings.warn(msg, stacklevel=3)
    return result


def as_evidence(evidence: Any, named: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was observed, by name or label, of a mapping and of keywords."""
    if evidence is not None and not isinstance(evidence, Mapping):
        msg = (
            "evidence must be a mapping from name to range or distribution, or keywords, got "
            f"{evidence!r:.80}"
        )
        raise TypeError(msg)
    return {**(evidence or {}), **named}


def _no_draw(found: list[Observation], variables: Mapping[Any, xr.DataArray]) -> str:
    """Say that no draw agrees, and what the draws are like."""
    parts = []
    for one in found:
        values = one.values(variables)
        if np.isnan(values).all():
            parts.append(f"{one} (no draw has a value)")
            continue
        ends = np.nanmin(values), np.nanmax(values)
        alone = int(np.isfinite(one.log_likelihood(values)).sum())
        parts.append(f"{one} (draws: {ends[0]:.4g} to {ends[1]:.4g}, {alone:,} agree)")
    return (
        f"no draws left: none of {values.size:,} agrees with {' and '.join(parts)}. If it is "
        "possible at all, Study.condition finds such draws"
    )


def weights_of(dataset: xr.Dataset) -> NDArray[np.float64]:
    """Return the weight of each draw; they sum to 1."""
    if WEIGHT in dataset.coords:
        weight: NDArray[np.float64] = dataset[WEIGHT].to_numpy()
        return weight
    draws = dataset.sizes[DRAW]
    return np.full(draws, 1 / draws)


def effective_sample_size(dataset: xr.Dataset) -> float:
    """Return how many draws of equal weight are worth as much as the weighted ones.

    Source: L. Kish, *Survey Sampling* (1965), 8.2.
    """
    return 1 / float(np.square(weights_of(dataset)).sum())
