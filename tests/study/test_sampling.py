"""Draws: scrambled Sobol' points, the same wherever a chunk begins."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.stats import qmc

import overbuild as ob
from overbuild.study.draws.sampling import BITS, Sampler, tabulate_all
from overbuild.study.inputs import REPLICATES


def sampled(distributions, draws, seed, start=0, n=None):
    tables = tabulate_all(distributions)
    return Sampler.of(tables, draws, seed).draw(tables, start, draws if n is None else n)


class TestDraws:
    @pytest.mark.parametrize("dims", [1, 3, 40])
    def test_points_of_the_first_scramble_are_those_of_scipy(self, dims: int) -> None:
        drawn = sampled({f"x{k}": stats.uniform() for k in range(dims)}, 16 * 5000, seed=7)
        engine = qmc.Sobol(dims, scramble=True, bits=BITS, rng=7)
        with pytest.warns(UserWarning, match="power of 2"):
            points = engine.random(5000)
        ours = np.stack(list(drawn.values()), axis=1)[::REPLICATES]
        # Ours are the middles of the intervals of 2^-32 that begin at scipy's.
        np.testing.assert_allclose(ours, points + 2.0**-33, rtol=0, atol=1e-9)

    def test_each_scramble_is_balanced_and_differs_from_the_others(self) -> None:
        drawn = sampled({"a": stats.uniform(), "b": stats.uniform()}, 16 * 256, seed=1)
        pairs = np.stack([drawn["a"], drawn["b"]], axis=1).reshape(256, REPLICATES, 2)
        for k in range(REPLICATES):
            # A net: each elementary interval of volume 1/256 holds one point.
            for rows, columns in ((16, 16), (256, 1), (1, 256)):
                cells = np.floor(pairs[:, k] * [rows, columns]) @ [columns, 1]
                assert len(set(cells)) == 256
        assert len({tuple(pairs[0, k]) for k in range(REPLICATES)}) == REPLICATES

    def test_a_jump_lands_where_a_walk_does(self) -> None:
        distributions = {"a": stats.norm(), "b": stats.expon()}
        whole = sampled(distributions, 2**20, seed=3)
        for start in (0, 1, 4095, 65_536, 777_777, 2**20 - 1):
            n = min(100, 2**20 - start)
            for name, part in sampled(distributions, 2**20, 3, start, n).items():
                np.testing.assert_array_equal(part, whole[name][start : start + n])
        few = sampled(distributions, 100, seed=3)
        np.testing.assert_array_equal(few["b"], whole["b"][:100])

    def test_draws_beyond_the_reach_are_refused(self) -> None:
        with pytest.raises(ValueError, match="do not reach"):
            sampled({"a": stats.norm()}, 16, seed=0, start=10, n=7)

    def test_means_converge_as_sobol_points_do(self) -> None:
        result = ob.Study(lambda x, y: {"sum": x + y}, {"x": stats.norm(1), "y": stats.expon()})
        assert result.run(2**14, seed=5).dataset["sum"].mean() == pytest.approx(2.0, abs=2e-3)

    def test_inputs_are_independent(self) -> None:
        inputs = {f"x{k}": stats.norm() for k in range(6)}
        draws = ob.Study(lambda **x: {"y": x["x0"]}, inputs).run(2**14).dataset
        correlation = np.corrcoef([draws[name] for name in inputs])
        np.testing.assert_allclose(correlation, np.eye(6), atol=0.01)
