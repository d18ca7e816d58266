"""Correlated inputs: every form, against closed forms, scipy, statsmodels' kind of optimum."""

from __future__ import annotations

import math
import pickle
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import optimize, stats

import overbuild as ob
from overbuild._core import Copula
from overbuild.study import CorrelationError, nearest_correlation

INPUTS = {"a": stats.norm(1, 2), "b": stats.expon(), "c": stats.lognorm(0.5), "k": 3.0}
DRAWS = 2**15


def drawn(correlation, inputs=INPUTS, draws=DRAWS, seed=1, **run) -> xr.Dataset:
    study = ob.Study(lambda **x: {"y": x["a"]}, inputs, correlation=correlation)
    return study.run(draws, seed=seed, **run).dataset


def scores(dataset: xr.Dataset, names="abc", inputs=INPUTS) -> np.ndarray:
    """Return the correlation of normal scores, which is what is given."""
    normal = [stats.norm.ppf(inputs[name].cdf(dataset[name])) for name in names]
    return np.corrcoef(normal)


MATRIX = np.array([[1.0, 0.5, -0.3], [0.5, 1.0, 0.2], [-0.3, 0.2, 1.0]])


class TestForms:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({("a", "b"): 0.5, ("c", "a"): -0.3, ("b", "c"): 0.2}, MATRIX),
            ({("a", "b"): 0.5}, [[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]),
            ({"a": 0.8, "b": 0.6}, [[1, 0.48, 0], [0.48, 1, 0], [0, 0, 1]]),
            ({"a": 0.8, "b": -0.5, "c": 1.0}, [[1, -0.4, 0.8], [-0.4, 1, -0.5], [0.8, -0.5, 1]]),
            (MATRIX, MATRIX),
            (MATRIX.tolist(), MATRIX),
            (pd.DataFrame(MATRIX, index=list("abc"), columns=list("abc")), MATRIX),
            (
                pd.DataFrame(MATRIX[:2, :2], index=list("ca"), columns=list("ca")),
                [[1, 0, 0.5], [0, 1, 0], [0.5, 0, 1]],
            ),
            (0.4, [[1, 0.4, 0.4], [0.4, 1, 0.4], [0.4, 0.4, 1]]),
            (0.0, np.eye(3)),
            ({}, np.eye(3)),
            (None, np.eye(3)),
        ],
    )
    def test_scores_have_the_correlation_given(self, given, expected) -> None:
        np.testing.assert_allclose(scores(drawn(given)), expected, atol=0.01)

    @pytest.mark.parametrize("rho", [1.0, -1.0])
    def test_perfect_correlation(self, rho) -> None:
        dataset = drawn({("a", "b"): rho})
        below, other = INPUTS["a"].cdf(dataset.a), INPUTS["b"].cdf(dataset.b)
        np.testing.assert_allclose(other, below if rho > 0 else 1 - below, atol=1e-7)

    def test_matrices_computed_elsewhere_are_not_exact(self) -> None:
        sample = np.random.default_rng(0).normal(size=(3, 50))
        matrix = np.corrcoef(sample)
        matrix[0, 0] -= 2e-16
        matrix[0, 1] += 1e-15
        np.testing.assert_allclose(scores(drawn(matrix)), matrix, atol=0.01)

    def test_positions_of_arrays(self) -> None:
        grid = xr.DataArray([stats.norm(), stats.norm(2)], dims="site", coords={"site": ["x", "y"]})
        quarters = [stats.expon(), stats.expon()]
        inputs = {"a": grid, "b": grid, "c": stats.norm(), "q": quarters}
        dataset = drawn(
            {("a", "b"): 0.7, ("c", "a"): 0.2, ("q[period=0]", "q[period=1]"): 0.9}, inputs
        )
        for site, mean in (("x", 0), ("y", 2)):
            pair = dataset.sel(site=site)
            found = np.corrcoef([pair.a - mean, pair.b - mean, pair.c])
            np.testing.assert_allclose(found, [[1, 0.7, 0.2], [0.7, 1, 0], [0.2, 0, 1]], atol=0.01)
        across = np.corrcoef(dataset.a.sel(site="x"), dataset.b.sel(site="y"))
        np.testing.assert_allclose(across, np.eye(2), atol=0.01)
        ranks = stats.spearmanr(dataset.q.isel(period=0), dataset.q.isel(period=1))
        assert ranks.statistic == pytest.approx(6 / np.pi * np.arcsin(0.9 / 2), abs=0.005)


class TestLaws:
    @pytest.mark.parametrize("rho", [-0.99, -0.6, 0.0, 0.3, 0.8, 0.999])
    def test_rank_correlation(self, rho) -> None:
        """Source: W. H. Kruskal, "Ordinal measures of association", JASA 53 (1958), 827."""
        dataset = drawn({("b", "c"): rho})
        ranks = stats.spearmanr(dataset.b, dataset.c).statistic
        assert ranks == pytest.approx(6 / np.pi * np.arcsin(rho / 2), abs=0.003)
        tau = stats.kendalltau(dataset.b[:4096], dataset.c[:4096]).statistic
        assert tau == pytest.approx(2 / np.pi * np.arcsin(rho), abs=0.02)

    def test_each_input_keeps_its_own_distribution(self) -> None:
        dataset = drawn(MATRIX, seed=4)
        for name in "abc":
            # The limit for independent draws at a chance of 1e-9 is 0.018; these lie evener.
            found = stats.kstest(dataset[name].values, INPUTS[name].cdf)
            assert found.statistic < 0.01

    @pytest.mark.parametrize("at", [(0.1, 0.1), (0.5, 0.5), (0.9, 0.2), (0.97, 0.99)])
    def test_pairs_are_as_in_a_gaussian_copula(self, at) -> None:
        dataset = drawn(MATRIX)
        for one, other, rho in (("a", "b", 0.5), ("a", "c", -0.3), ("b", "c", 0.2)):
            below = [
                INPUTS[name].cdf(dataset[name]) <= p
                for name, p in zip((one, other), at, strict=True)
            ]
            share = np.logical_and(*below).mean()
            exact = stats.multivariate_normal(cov=[[1, rho], [rho, 1]]).cdf(stats.norm.ppf(at))
            assert share == pytest.approx(exact, abs=0.003)

    def test_all_three_at_once(self) -> None:
        dataset = drawn(MATRIX)
        at = (0.3, 0.6, 0.5)
        below = [INPUTS[name].cdf(dataset[name]) <= p for name, p in zip("abc", at, strict=True)]
        exact = stats.multivariate_normal(cov=MATRIX).cdf(stats.norm.ppf(at))
        assert np.logical_and.reduce(below).mean() == pytest.approx(exact, abs=0.003)

    def test_bits_do_not_depend_on_chunks_or_threads(self) -> None:
        expected = drawn(MATRIX, draws=6_000)
        for chunk, threads in ((1_000, 1), (4_096, 2), (999, 8)):
            ob.set_num_threads(threads)
            found = drawn(MATRIX, draws=6_000, chunk=chunk)
            for name in "abc":
                np.testing.assert_array_equal(
                    found[name].values.view(np.uint64), expected[name].values.view(np.uint64)
                )

    def test_inputs_that_go_alone_keep_their_bits(self) -> None:
        together, alone = drawn({("a", "b"): 0.5}), drawn(None)
        np.testing.assert_array_equal(together.c, alone.c)
        # The first of those that go together does, too, but for the way through normal numbers.
        np.testing.assert_allclose(together.a, alone.a, rtol=1e-6, atol=1e-6)

    def test_correlation_is_the_same_in_all_scenarios(self) -> None:
        study = ob.Study(
            lambda a, b, c, k: {"y": a + b},
            INPUTS,
            correlation={("a", "b"): 0.5},
            scenarios={"other": {"a": stats.uniform()}, "fixed": {"a": 0.5}},
        )
        dataset = study.run(DRAWS, seed=1).dataset
        normal = stats.norm.ppf(stats.uniform.cdf(dataset.a.sel(scenario="other")))
        rho = np.corrcoef(normal, stats.norm.ppf(stats.expon.cdf(dataset.b)))[0, 1]
        assert rho == pytest.approx(0.5, abs=0.01)
        assert (dataset.a.sel(scenario="fixed") == 0.5).all()


def matrices(least: int = 2, most: int = 6) -> st.SearchStrategy[np.ndarray]:
    """Symmetric matrices of correlations, most of them impossible."""

    def symmetric(values: np.ndarray) -> np.ndarray:
        half = np.tril(values, -1)
        return half + half.T + np.eye(len(values))

    return st.integers(least, most).flatmap(
        lambda k: hnp.arrays(float, (k, k), elements=st.floats(-1, 1)).map(symmetric)
    )


#: Its nearest is singular, and rounding in Cholesky's method put it out of the cone.
SINGULAR = np.array(
    [[1, -0.34375, 0.5, 0], [-0.34375, 1, 1, 0.5], [0.5, 1, 1, 0.5], [0, 0.5, 0.5, 1]]
)


class TestNearest:
    def test_the_published_example(self) -> None:
        """Source: Higham (2002), section 5: the matrix printed there, to its four digits."""
        near = nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]])).to_numpy()
        np.testing.assert_allclose(near[[0, 0, 1], [1, 2, 2]], [0.7607, 0.1573, 0.7607], atol=5e-5)

    @given(matrices())
    @example(SINGULAR)
    def test_it_can_be(self, matrix) -> None:
        near = nearest_correlation(matrix).to_numpy()
        np.testing.assert_array_equal(np.diag(near), 1.0)
        np.testing.assert_array_equal(near, near.T)
        assert np.linalg.eigvalsh(near)[0] > 0
        Copula(near.tolist())

    @given(matrices(3, 5))
    def test_no_other_is_nearer(self, matrix) -> None:
        """The matrix is nearest if what is taken off lies in the cone's polar, the diagonal free.

        That is, ``near - matrix + diag(t)`` is positive semidefinite for some t and vanishes
        with ``near``: the optimality conditions, Higham (2002), theorem 2.4.
        """
        near = nearest_correlation(matrix).to_numpy()
        change = near - matrix
        # Where near @ (change + diag(t)) = 0, t is minus the diagonal of near @ change.
        dual = change - np.diag(np.diag(near @ change))
        size = max(1.0, np.abs(change).max())
        assert np.abs(near @ dual).max() <= 2e-5 * size
        assert np.linalg.eigvalsh(dual)[0] >= -2e-5 * size

    @pytest.mark.parametrize("seed", range(3))
    def test_an_independent_search_finds_the_same(self, seed) -> None:
        """Minimise over factors with unit rows, which all correlation matrices have."""
        k = 4
        values = np.tril(np.random.default_rng(seed).uniform(-1, 1, (k, k)), -1)
        matrix = values + values.T + np.eye(k)

        def made(flat):
            rows = flat.reshape(k, k)
            rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
            return rows @ rows.T

        def distance(flat):
            return np.square(made(flat) - matrix).sum()

        starts = np.random.default_rng(9).normal(size=(5, k * k))
        found = [optimize.minimize(distance, start, options={"gtol": 1e-10}) for start in starts]
        best = min(found, key=lambda one: one.fun)
        np.testing.assert_allclose(nearest_correlation(matrix), made(best.x), atol=1e-4)

    @given(hnp.arrays(float, (4, 6), elements=st.floats(-3, 3)))
    def test_what_can_be_is_left_alone(self, sample) -> None:
        scale = np.linalg.norm(sample, axis=1)
        assume((scale > 0.1).all())
        matrix = sample @ sample.T / np.outer(scale, scale)
        matrix = (matrix + matrix.T) / 2
        np.fill_diagonal(matrix, 1.0)
        np.testing.assert_allclose(nearest_correlation(matrix), matrix, atol=1e-7)

    def test_names_are_kept(self) -> None:
        table = pd.DataFrame([[1.0, 0.2], [0.2, 1.0]], index=["x", "y"], columns=["x", "y"])
        pd.testing.assert_frame_equal(nearest_correlation(table), table, atol=1e-9)

    @pytest.mark.parametrize(
        "wrong",
        [
            [[1, 2, 3], [1, 2, 3]],
            [[1, 0.5], [0.4, 1]],
            [[1, math.nan], [math.nan, 1]],
            [[1, math.inf], [math.inf, 1]],
            [1.0, 2.0],
            np.empty((0, 0)),
        ],
    )
    def test_what_is_no_matrix(self, wrong) -> None:
        with pytest.raises(ValueError, match="matrix must be square, symmetric and finite"):
            nearest_correlation(np.array(wrong, dtype=float))


class TestErrors:
    def test_impossible_ones_say_by_how_much_and_what_is_nearest(self) -> None:
        with pytest.raises(CorrelationError) as caught:
            drawn({("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9})
        message = str(caught.value)
        matrix = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
        least = re.search(r"least eigenvalue is (-[\d.]+),", message)
        assert least is not None
        assert float(least[1]) == pytest.approx(np.linalg.eigvalsh(matrix)[0], rel=1e-2)
        assert "not positive definite" in message
        near = caught.value.nearest
        assert list(near.index) == list(near.columns) == ["a", "b", "c"]
        differs = re.search(r"differs by ([\d.]+) at the most \((\w) and (\w): (-?[\d.]+)", message)
        assert differs is not None
        assert float(differs[1]) == pytest.approx(np.abs(near - matrix).to_numpy().max(), rel=0.05)
        assert near.loc[differs[2], differs[3]] == pytest.approx(float(differs[4]), abs=1e-3)
        drawn(near)  # it can be drawn from
        again = pickle.loads(pickle.dumps(caught.value))
        assert str(again) == message
        pd.testing.assert_frame_equal(again.nearest, near)

    @given(matrices(3, 3))
    def test_possible_or_refused_as_the_eigenvalues_say(self, matrix) -> None:
        least = np.linalg.eigvalsh(matrix)[0]
        assume(abs(least) > 1e-6)
        study = {"a": stats.norm(), "b": stats.norm(), "c": stats.norm()}
        if least > 0:
            ob.Study(lambda **x: {"y": x["a"]}, study, correlation=matrix)
        else:
            with pytest.raises(CorrelationError, match="least eigenvalue"):
                ob.Study(lambda **x: {"y": x["a"]}, study, correlation=matrix)

    @pytest.mark.parametrize(
        ("given", "error", "message"),
        [
            ({("a", "z"): 0.5}, ValueError, "'z' is no random input; there are a, b, c"),
            ({("a", "k"): 0.5}, ValueError, "'k' is no random input"),
            ({"z": 0.5}, ValueError, "'z' is no random input"),
            ({("a", "a"): 0.5}, ValueError, "correlation of a with itself"),
            ({("a", "b", "c"): 0.5}, ValueError, r"a pair has two names, got \('a', 'b', 'c'\)"),
            ({("a", "b"): 1.5}, ValueError, r"of a and b must be a number from -1 to 1, got 1\.5"),
            ({("a", "b"): math.nan}, ValueError, "must be a number from -1 to 1, got nan"),
            ({("a", "b"): "high"}, ValueError, "must be a number from -1 to 1, got 'high'"),
            ({("a", "b"): 0.5, ("b", "a"): 0.4}, ValueError, "is given twice: 0.5 and 0.4"),
            ({("a", "b"): 0.5, "c": 0.4}, TypeError, "pairs and single names for keys"),
            ({"a": 1.2}, ValueError, "loading of a must be a number from -1 to 1"),
            (2.0, ValueError, r"correlation must be a number from -1 to 1, got 2\.0"),
            ("high", ValueError, "must be a number from -1 to 1"),
            (-0.9, CorrelationError, "least eigenvalue"),
            (np.eye(2), ValueError, r"shape \(2, 2\), but there are 3 random inputs: a, b, c"),
            (MATRIX + [[0, 0.1, 0]] * 3, ValueError, "of b with itself must be 1|symmetric"),
            (MATRIX * 0.9, ValueError, "correlation of a with itself must be 1, got 0.9"),
            (np.triu(MATRIX), ValueError, "must be symmetric, but a and b have 0.5 and 0.0"),
            (
                pd.DataFrame(np.eye(2), index=["a", "b"], columns=["b", "a"]),
                ValueError,
                "correlation of b with itself must be 1, got 0",
            ),
            (
                pd.DataFrame(np.eye(2), index=["a", "a"], columns=["a", "a"]),
                ValueError,
                "both must be the same names",
            ),
            (
                pd.DataFrame(np.eye(2), index=["a", "z"], columns=["a", "z"]),
                ValueError,
                "'z' is no random input",
            ),
        ],
    )
    def test_what_is_refused(self, given, error, message) -> None:
        with pytest.raises(error, match=message):
            ob.Study(lambda **x: {"y": x["a"]}, INPUTS, correlation=given)

    def test_arrays_need_one_meaning(self) -> None:
        inputs = {"a": [stats.norm()] * 2, "b": [stats.norm()] * 3}
        with pytest.raises(ValueError, match="'a' and 'b' have different positions"):
            ob.Study(lambda **x: {"y": 1.0}, inputs, correlation={("a", "b"): 0.5})
        table = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"])
        with pytest.raises(ValueError, match="'a' has several positions; name each"):
            ob.Study(lambda **x: {"y": 1.0}, inputs, correlation=table)
        with pytest.raises(ValueError, match=r"correlation of .* with itself"):
            ob.Study(lambda **x: {"y": 1.0}, inputs, correlation={("a", "a[period=0]"): 0.5})


def test_yes_is_no_correlation() -> None:
    inputs = {"a": stats.norm(), "b": stats.norm()}
    with pytest.raises(TypeError, match="got True"):
        ob.Study(lambda a, b: {"y": a + b}, inputs, correlation=True)
