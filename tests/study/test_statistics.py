"""Statistics of draws: exact against NumPy, in memory and part by part."""

from __future__ import annotations

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import overbuild as ob
from overbuild.study.statistics.rows import Statistics, quantiles_of, statistics
from overbuild.study.statistics.streaming import streamed

PROBABILITIES = np.array([0.0, 0.05, 0.5, 0.95, 1.0])

#: Numbers among which ties, zeros of both signs, infinities and NaN are common.
ODD = st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1.0, 1e308, -1e308, np.inf, -np.inf, np.nan])
NUMBERS = st.one_of(ODD, st.floats(width=64), st.integers(-3, 3).map(float))
RISING = st.lists(st.floats(0, 1), max_size=6).map(lambda p: np.array(sorted(p)))


def expected_quantiles(values, p, weights=None):
    """What NumPy gives, with the lower of two values that cannot be interpolated."""
    counts = ~np.isnan(values) if weights is None else ~np.isnan(values) & (weights > 0)
    values = values[counts]
    if not values.size:
        return np.full(p.shape, np.nan)
    if weights is not None:
        return np.quantile(values, p, weights=weights[counts], method="inverted_cdf")
    with np.errstate(all="ignore"):
        found = np.quantile(values, p)
        broken = np.isnan(found)
        found[broken] = np.quantile(values, p[broken], method="lower")
    return found


def spread(of_replicates):
    return of_replicates.std(axis=0, ddof=1) / 4


def assert_exact(found: Statistics, values, p, weights=None) -> None:
    """Compare the statistics of a row with plain loops over NumPy's."""
    np.testing.assert_array_equal(found.quantiles, expected_quantiles(values, p, weights))
    assert found.missing == np.isnan(values).sum()
    if values.size < 32:
        assert np.isnan(found.quantile_errors).all()
        return
    parts = [(values[k::16], None if weights is None else weights[k::16]) for k in range(16)]
    quantiles = np.array([expected_quantiles(x, p, w) for x, w in parts])
    # Not less than what two draws more or less below a number make of it.
    ends = [expected_quantiles(values, (p + k / values.size).clip(0, 1), weights) for k in (-2, 2)]
    with np.errstate(all="ignore"):
        resolved = np.nan_to_num((ends[1] - ends[0]) / 2)
        expected = np.maximum(spread(quantiles - found.quantiles), resolved)
    # NumPy adds up sixteen numbers in an order that depends on how they lie.
    np.testing.assert_allclose(found.quantile_errors, expected, rtol=1e-12)


def same_bits(one, other) -> None:
    for a, b in zip(one, other, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a.view(np.uint64), b.view(np.uint64))


def fields(found: Statistics) -> list[np.ndarray]:
    return [np.asarray(part) for part in vars(found).values()]


def draws_of(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    values = rng.lognormal(size=n)
    match kind:
        case "ties":
            return np.round(values)
        case "clipped":
            return np.clip(values, 0.5, 2.0)
        case "sorted":
            return np.sort(values)[::-1].copy()
        case "constant":
            return np.full(n, -3.0)
        case "narrow":
            return 1e9 + 1e-6 * values
        case "zeros":
            return rng.choice([0.0, -0.0, 5e-324, -5e-324], n)
        case "periodic":
            return np.tile(np.arange(16.0), n // 16 + 1)[:n] + 1e-3 * values
        case "odd":
            return rng.choice([np.nan, np.inf, -np.inf, 1.0, *values[:20]], n)
        case "missing":
            return np.full(n, np.nan)
    return values


KINDS = [
    "smooth", "ties", "clipped", "sorted", "constant",
    "narrow", "zeros", "periodic", "odd", "missing",
]  # fmt: skip


@given(hnp.arrays(np.float64, st.integers(0, 70), elements=NUMBERS), RISING)
def test_few_draws_are_as_numpy_has_them(values, p) -> None:
    found = statistics(xr.DataArray(values, dims="draw"), p, replicates=True)
    assert_exact(found, values, p)


@given(st.data(), st.integers(1, 70))
def test_few_weighted_draws_are_as_numpy_has_them(data, n) -> None:
    # Whole numbers: their sums are exact for NumPy, too.
    values = data.draw(hnp.arrays(np.float64, n, elements=NUMBERS))
    weights = data.draw(hnp.arrays(np.float64, n, elements=st.integers(0, 9).map(float)))
    weights[data.draw(st.integers(0, n - 1))] = 1.0
    p = np.array(sorted(data.draw(st.lists(st.integers(0, 8), max_size=5)))) / 8
    found = statistics(xr.DataArray(values, dims="draw"), p, weights, replicates=True)
    assert_exact(found, values, p, weights)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1000, 16_384, 16_385, 32_768, 100_003, 2**18])
def test_many_draws_are_as_numpy_has_them(kind, n) -> None:
    rng = np.random.default_rng(n)
    values = draws_of(kind, n, rng)
    array = xr.DataArray(values, dims="draw")
    for p in (PROBABILITIES, np.linspace(0, 1, 60)):
        assert_exact(statistics(array, p, replicates=True), values, p)
        np.testing.assert_array_equal(statistics(array, p).quantiles, expected_quantiles(values, p))
    weights = rng.integers(0, 1000, n).astype(float)
    assert_exact(statistics(array, PROBABILITIES, weights, True), values, PROBABILITIES, weights)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.sampled_from(KINDS), st.floats(0.1, 30))
def test_weights_of_any_spread(seed, kind, spread) -> None:
    # One weight may outweigh all others; sums of NumPy's are rounded, so draws whose weight makes
    # no difference there are not among these.
    rng = np.random.default_rng(seed)
    n = 40_000
    values = draws_of(kind, n, rng)
    weights = np.exp2(np.round(-spread * rng.exponential(size=n)).clip(-30))
    p = np.array([0.01, 0.3, 0.5, 0.77])
    found = statistics(xr.DataArray(values, dims="draw"), p, weights, replicates=True)
    assert_exact(found, values, p, weights)


def test_a_quantile_at_a_step_is_the_lower_one() -> None:
    values = np.arange(10.0)
    for total in (1.0, 10.0, 1e-310, 1e300):
        weights = np.full(10, total / 10)
        p = np.arange(1, 11) / 10
        np.testing.assert_array_equal(quantiles_of(values, p, weights), values)


def test_the_ends_are_draws_with_a_weight_however_small() -> None:
    weights = np.array([0.0, 1e-300, 1.0, 1e-300, 0.0])
    np.testing.assert_array_equal(quantiles_of(np.arange(5.0), [0.0, 0.5, 1.0], weights), [1, 2, 3])


@pytest.mark.parametrize("weighted", [False, True])
def test_means_are_as_numpy_has_them(weighted) -> None:
    rng = np.random.default_rng(3)
    for n in (1, 17, 5000, 100_000):
        values = rng.normal(1e3, 1.0, n)
        values[rng.random(n) < 0.1] = np.nan
        values[0] = 1e3
        weights = rng.random(n) if weighted else np.ones(n)
        found = statistics(
            xr.DataArray(values, dims="draw"), [], weights if weighted else None, replicates=True
        )
        there = ~np.isnan(values)
        np.testing.assert_allclose(
            found.means, np.average(values[there], weights=weights[there]), rtol=1e-14
        )
        if n >= 5000:
            parts = [(values[k::16], weights[k::16]) for k in range(16)]
            means = np.array(
                [np.average(x[~np.isnan(x)], weights=w[~np.isnan(x)]) for x, w in parts]
            )
            np.testing.assert_allclose(found.mean_errors, spread(means), rtol=1e-9)


def test_draws_of_no_weight_count_for_nothing() -> None:
    values, weights = np.array([np.inf, 1.0, 3.0]), np.array([0.0, 1.0, 1.0])
    found = statistics(xr.DataArray(values, dims="draw"), [0.5, 1.0], weights)
    assert found.means == 2.0
    np.testing.assert_array_equal(found.quantiles, [1.0, 3.0])
    beyond = xr.DataArray([np.inf, -np.inf], dims="draw")
    assert np.isnan(statistics(beyond, []).means)


@pytest.mark.parametrize("weighted", [False, True])
def test_threads_do_not_change_a_bit(weighted) -> None:
    rng = np.random.default_rng(4)
    for shape in ((1, 300_001), (50, 20_000), (3000, 70)):
        values = xr.DataArray(rng.normal(size=shape), dims=("row", "draw"))
        weights = rng.random(shape[1]) if weighted else None
        found = []
        for threads in (1, 2, 7):
            ob.set_num_threads(threads)
            found.append(fields(statistics(values, PROBABILITIES, weights, replicates=True)))
        same_bits(found[0], found[1])
        same_bits(found[0], found[2])


def test_dimensions_stay_in_their_order() -> None:
    rng = np.random.default_rng(5)
    draws = rng.normal(size=(1000, 3, 4))
    array = xr.DataArray(draws, dims=("draw", "site", "period"))
    expected = np.moveaxis(np.quantile(draws, [0.1, 0.9], axis=0), 0, -1)
    contiguous = array.transpose("site", "period", "draw").copy()
    for form in (array, contiguous.transpose("draw", ...), array.astype(np.float32)):
        found = statistics(form, [0.1, 0.9])
        assert found.means.shape == found.missing.shape == (3, 4)
        close = {"rtol": 1e-6} if form.dtype == np.float32 else {"rtol": 0}
        np.testing.assert_allclose(found.quantiles, expected, **close)
    constant = statistics(xr.DataArray([1, 2], dims="site"), [0.5], replicates=True)
    np.testing.assert_array_equal(constant.quantiles, [[1.0], [2.0]])
    assert statistics(array.isel(site=slice(0)), [0.5]).quantiles.shape == (0, 4, 1)
    assert np.isnan(statistics(array.isel(draw=slice(0)), [0.5]).quantiles).all()


@settings(max_examples=40)
@given(
    st.integers(0, 2**32),
    st.sampled_from(KINDS),
    st.sampled_from([0, 1, 33, 900, 16_384, 33_000, 90_001]),
    st.booleans(),
    st.sampled_from([1, 300, 10_000, 2**20]),
)
def test_part_by_part_gives_the_same_bits(seed, kind, n, weighted, limit) -> None:
    rng = np.random.default_rng(seed)
    values = xr.DataArray(
        np.stack([draws_of(kind, n, rng), rng.normal(size=n)]), dims=("row", "draw")
    )
    cuts = np.sort(rng.integers(0, n + 1, 4))
    sizes = tuple(int(size) for size in np.diff([0, *cuts, n]) if size) or (0,)
    weights = rng.random(n) ** 9 if weighted and n else None
    whole = fields(statistics(values, PROBABILITIES, weights, replicates=True))
    lazy = values.chunk(draw=sizes)
    same_bits(whole, fields(statistics(lazy, PROBABILITIES, weights, replicates=True)))

    given_weights = None if weights is None else xr.Variable("draw", weights)
    wanted = PROBABILITIES, given_weights, True
    in_memory = streamed(values.variable, *wanted)
    same_bits(in_memory, streamed(lazy.variable, *wanted, limit=max(limit, n // 1000)))


def test_draws_beyond_memory_are_read_in_two_passes() -> None:
    read = []

    def part(block_info=None):
        (start, end), rows = block_info[None]["array-location"][1], 2
        read.append(end - start)
        return np.random.default_rng(start).normal(size=(rows, end - start))

    n = 2**19
    lazy = da.map_blocks(part, chunks=((2,), (2**17,) * 4), dtype=float, meta=np.empty((0, 0)))
    with dask.config.set(scheduler="synchronous"):
        array = xr.DataArray(lazy, dims=("row", "draw"))
        found = statistics(array, [0.05, 0.5, 0.95], replicates=True)
        assert sum(read) == 2 * n
        same_bits(
            fields(found), fields(statistics(array.compute(), [0.05, 0.5, 0.95], replicates=True))
        )


def test_lazy_weights() -> None:
    rng = np.random.default_rng(6)
    weights = rng.random(50_000)
    array = xr.DataArray(
        rng.normal(size=50_000), dims="draw", coords={"draw_weight": ("draw", weights)}
    )
    lazy = array.chunk(draw=7000)
    assert lazy.draw_weight.chunks is not None
    found = statistics(lazy, [0.05, 0.5], replicates=True)
    same_bits(fields(found), fields(statistics(array, [0.05, 0.5], replicates=True)))
    same_bits(fields(found), fields(statistics(array, [0.05, 0.5], weights, replicates=True)))


def test_standard_errors_are_those_of_theory() -> None:
    # Of 400 standard errors, each with 15 degrees of freedom, the mean square is chi-square with
    # 6,000: within 4 of its standard deviations of 1.8% all but once in 16,000 times.
    n, rows = 16_000, 400
    draws = np.random.default_rng(7).normal(size=(rows, n))
    found = statistics(xr.DataArray(draws, dims=("row", "draw")), [0.5], replicates=True)
    for errors, theory in (
        (found.mean_errors, np.sqrt(1 / n)),
        (found.quantile_errors[:, 0], np.sqrt(np.pi / 2 / n)),
    ):
        assert np.mean(errors**2) / theory**2 == pytest.approx(1.0, abs=0.08)


def test_errors_need_replicates() -> None:
    few = statistics(xr.DataArray(np.arange(31.0), dims="draw"), [0.5], replicates=True)
    assert np.isnan(few.mean_errors)
    values = np.arange(64.0)
    values[3::16] = np.nan
    empty = statistics(xr.DataArray(values, dims="draw"), [0.5], replicates=True)
    assert np.isnan(empty.mean_errors)
    assert np.isnan(empty.quantile_errors).all()
    assert empty.quantiles == np.nanquantile(values, 0.5)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 2.0], "3 numbers"),
        ([1.0, -1.0, 1.0], "not negative"),
        ([0.0, 0.0, 0.0], "all zero"),
        ([1.0, np.nan, 1.0], "finite"),
        ([1.0, np.inf, 1.0], "finite"),
        ([1e308, 1e308, 1e308], "finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_weights_that_tell_nothing(weights, message) -> None:
    with pytest.raises(ValueError, match=message):
        statistics(xr.DataArray(np.arange(3.0), dims="draw"), [0.5], np.array(weights))


@pytest.mark.parametrize("wrong", [[0.5, 0.1], [-0.1], [1.5], [np.nan]])
def test_probabilities_that_are_none(wrong) -> None:
    array = xr.DataArray(np.arange(3.0), dims="draw")
    for form in (array, array.chunk(draw=2)):
        with pytest.raises(ValueError, match="probabilities must rise"):
            statistics(form, wrong)
