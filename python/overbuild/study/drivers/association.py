r"""How strongly an output goes with an input: rank correlation, and share of variance.

The share of an output's variance that an input explains is
:math:`\operatorname{Var}(E[y \mid x]) / \operatorname{Var}(y)`. The draws are put into classes by
the input; in each a straight line is fitted to the output, and the share is what these lines
explain, less what as many lines would explain of pure noise.
"""

from __future__ import annotations

import math

import numpy as np

from overbuild.study.drivers.classes import Floats, Ordered, Whole, effective, normalized

#: Most classes; with lines in them, more would follow noise rather than the output.
_CLASSES = 64

#: Draws whose products are summed at once.
_BLOCK = 2**15


class Driver:
    """An input made ready to be compared with many outputs.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Draws of the input, without NaN, in any unit.
    weights : ndarray, shape (n,), optional
        Weights of the draws, which sum to 1; equal if not given.
    """

    def __init__(self, values: Floats, weights: Floats | None = None) -> None:
        self.ordered = Ordered(values, weights)
        self.ranks = Ranks(self.ordered, weights)
        number = math.ceil(effective(weights, values.size) ** (1 / 3))
        bounds = self.ordered.classes(min(number, _CLASSES))
        sizes = np.diff(bounds)
        self.number_of: Whole = np.empty(values.size, np.intp)
        self.number_of[self.ordered.order] = np.repeat(np.arange(sizes.size), sizes)
        # One of the class's own values: where there is but one, nothing is left to fit a line to.
        centres = self.ordered.rising[bounds[:-1] + sizes // 2]
        with np.errstate(invalid="ignore", over="ignore"):
            offsets = values - centres[self.number_of]
        offsets[~np.isfinite(offsets)] = 0.0
        offsets /= np.abs(offsets).max(initial=0.0) or 1.0
        self.offsets = offsets
        self.moments = _Moments(self, weights)


class _Moments:
    """Sums over each class of what lines are fitted with."""

    def __init__(self, driver: Driver, weights: Floats | None) -> None:
        of, t = driver.number_of, driver.offsets
        n = t.size
        squared = None if weights is None else weights**2
        weight, spread, square = (_sums(of, v, weights, n) for v in (None, t, t * t))
        noise, noise_t, noise_tt = (_sums(of, v, squared, n * n) for v in (None, t, t * t))
        self.weight = weight
        self.mean = np.divide(spread, weight, out=np.zeros_like(weight), where=weight > 0)
        around = square - self.mean * spread
        # Where one value is left but for rounding, there is no line.
        self.square = np.where(around > 1e-12 * square, around, 0.0)
        leverage = noise_tt - 2 * self.mean * noise_t + self.mean**2 * noise
        #: Share of the variance of noise that means and lines take up.
        self.fitted = _ratios(noise, weight).sum() + _ratios(leverage, self.square).sum()


class Response:
    """An output made ready to be compared with many inputs.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Draws of the output, in any unit; those with NaN are left out.
    weights : ndarray, shape (n,), optional
        Weights of the draws, which sum to 1; equal if not given.
    """

    def __init__(self, values: Floats, weights: Floats | None = None) -> None:
        used = ~np.isnan(values)
        if weights is not None:
            used &= weights > 0
        #: Whether all draws with a weight have a value.
        self.is_complete = bool(used.all()) or (
            weights is not None and not np.isnan(values[weights > 0]).any()
        )
        # What has no weight must not count, be it infinite.
        self.values = values if used.all() else np.where(used, values, 0.0)
        self.is_finite = bool(np.isfinite(self.values).all())
        self.used = used
        present = self.values[used]
        self.is_constant = present.size == 0 or bool(present.min() == present.max())
        if not self.is_complete and present.size:
            weights = normalized(np.where(used, 1.0 if weights is None else weights, 0.0))
        self.weights = weights
        if self.is_constant:
            return
        self.ranks = Ranks(Ordered(self.values), weights)
        self.weighted_ranks = _weighted(self.ranks.centred, weights)
        if self.is_finite:
            scaled = self.values / np.abs(self.values).max()
            scaled -= _mean(scaled, weights)
            self.scaled = _weighted(scaled, weights)
            self.variance = _product(scaled, self.scaled)


class Ranks:
    """Ranks of draws as shares of all, less their mean, and their variance."""

    def __init__(self, ordered: Ordered, weights: Floats | None) -> None:
        self.centred = ordered.ranks(weights)
        self.centred -= _mean(self.centred, weights)
        self.variance = _product(self.centred, _weighted(self.centred, weights))


def rank_correlation(driver: Driver, response: Response) -> float:
    """Correlation of the ranks of an input and an output, ties at their middle rank.

    Parameters
    ----------
    driver, response : Driver, Response
        Draws of the input and of the output, in any units.

    Returns
    -------
    float
        From -1 to 1; NaN if one of them is the same in all draws.

    Raises
    ------
    ValueError
        If they have different numbers of draws.

    Notes
    -----
    Source: C. Spearman, "The proof and measurement of association between two things",
    *American Journal of Psychology* 15 (1904), 72-101. With weights, a rank is the weight of the
    draws below.

    Examples
    --------
    >>> import numpy as np
    >>> from overbuild.study.drivers.association import Driver, Response, rank_correlation
    >>> x = np.arange(100.0)
    >>> round(rank_correlation(Driver(x), Response(-np.exp(x))), 12)
    -1.0
    """
    _check(driver, response)
    if driver.ordered.is_constant or response.is_constant:
        return math.nan
    ranks = driver.ranks if response.is_complete else Ranks(driver.ordered, response.weights)
    both = math.sqrt(ranks.variance * response.ranks.variance)
    return _product(ranks.centred, response.weighted_ranks) / both if both > 0 else math.nan


def first_order(driver: Driver, response: Response) -> float:
    r"""Share of an output's variance that an input explains alone.

    .. math:: S = \frac{\operatorname{Var}(E[y \mid x])}{\operatorname{Var}(y)}

    Parameters
    ----------
    driver, response : Driver, Response
        Draws of the input and of the output, in any units.

    Returns
    -------
    float
        A fraction of 1. The estimate is unbiased where the input does not matter, so it may come
        out slightly below 0 there. NaN if the output is the same in all draws or infinite in
        some, or if there are too few draws.

    Raises
    ------
    ValueError
        If they have different numbers of draws.

    Notes
    -----
    Classes of equal probability, as many as the cube root of the number of draws and at most 64, a
    value with as many draws being one; a line in each; the share adjusted for the noise that they
    follow. Sobol' points are less noisy than that, so the share comes out low by up to twice the
    number of classes over that of draws: 0.001 at 65,536 draws.

    Source: classes: E. Plischke, E. Borgonovo, C. L. Smith, "Global sensitivity measures from
    given data", *European Journal of Operational Research* 226 (2013), 536-550; correction for
    noise: T. L. Kelley, "An unbiased correlation ratio measure", *PNAS* 21 (1935), 554-559, with
    the trace of the fit for its degrees of freedom.

    Examples
    --------
    >>> import numpy as np
    >>> from overbuild.study.drivers.association import Driver, Response, first_order
    >>> x, z = np.random.default_rng(1).normal(size=(2, 100_000))
    >>> round(first_order(Driver(x), Response(3 * x + 4 * z)), 2)
    0.36
    """
    _check(driver, response)
    if driver.ordered.is_constant or response.is_constant or not response.is_finite:
        return math.nan
    own = driver.moments if response.is_complete else _Moments(driver, response.weights)
    sums = _sums(driver.number_of, response.scaled, None, 1)
    products = _products(driver.number_of, driver.offsets, response.scaled, sums.size)
    explained = (
        _ratios(sums**2, own.weight).sum()
        + _ratios((products - own.mean * sums) ** 2, own.square).sum()
    )
    total, within = response.variance, max(response.variance - explained, 0.0)
    free, all_free = 1 - own.fitted, 1 - 1 / effective(response.weights, response.values.size)
    if free <= 1e-12 or total <= 0:
        return math.nan
    return float(1 - within / free * all_free / total)


def _check(driver: Driver, response: Response) -> None:
    if driver.offsets.shape != response.values.shape:
        msg = f"an input of {driver.offsets.size} draws, an output of {response.values.size}"
        raise ValueError(msg)


def _sums(number_of: Whole, values: Floats | None, weights: Floats | None, n: int) -> Floats:
    """Return the weighted sum of each class; equal weights are 1 / n."""
    if values is None or weights is None:
        sums = np.bincount(number_of, weights if values is None else values).astype(float)
    else:
        sums = np.bincount(number_of, values * weights)
    return sums / n if weights is None else sums


def _ratios(above: Floats, below: Floats) -> Floats:
    """Return quotients, 0 where classes have nothing to divide by."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _products(number_of: Whole, one: Floats, other: Floats, classes: int) -> Floats:
    """Return the sum of products in each class, by blocks that stay in the cache."""
    sums = np.zeros(classes)
    for start in range(0, one.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        sums += np.bincount(number_of[part], one[part] * other[part], minlength=classes)
    return sums


def _product(one: Floats, other: Floats) -> float:
    """Return the sum of products; by einsum, for that of BLAS depends on the threads."""
    return float(np.einsum("i,i->", one, other))


def _mean(values: Floats, weights: Floats | None) -> float:
    return float(values.mean()) if weights is None else _product(values, weights)


def _weighted(values: Floats, weights: Floats | None) -> Floats:
    """Return values times their weights, so that sums of them are means."""
    return values / values.size if weights is None else values * weights
