"""Erlang's formulas against high-precision arithmetic."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import overbuild as ob

use = ob.utilization


def exact_b(load: float, servers: int) -> mpmath.mpf:
    """Erlang's loss formula as a ratio of a Poisson probability and the regularised gamma."""
    with mpmath.workdps(40):
        a, n = mpmath.mpf(load), mpmath.mpf(servers)
        log_term = n * mpmath.log(a) - a - mpmath.loggamma(n + 1)
        return mpmath.exp(log_term) / mpmath.gammainc(n + 1, a, mpmath.inf, regularized=True)


def exact_c(load: float, servers: int) -> mpmath.mpf:
    b = exact_b(load, servers)
    return servers * b / (servers - mpmath.mpf(load) * (1 - b))


CASES = [
    (load_factor, servers)
    for servers in (1, 2, 3, 10, 64, 1000, 100_000, 1_000_000)
    for load_factor in (0.5, 0.9, 0.99, 0.9999, 1.0, 1.001, 1.5)
    if servers <= 1000 or load_factor >= 0.99
]


@pytest.mark.parametrize(("factor", "servers"), CASES)
def test_loss_against_mpmath(factor: float, servers: int) -> None:
    load = factor * servers
    assert use.erlang_b(load, servers) == pytest.approx(float(exact_b(load, servers)), rel=1e-11)


@pytest.mark.parametrize(("factor", "servers"), [case for case in CASES if case[0] < 1])
def test_wait_against_mpmath(factor: float, servers: int) -> None:
    load = factor * servers
    assert use.erlang_c(load, servers) == pytest.approx(float(exact_c(load, servers)), rel=1e-10)


def test_light_load_on_a_million_servers_is_negligible() -> None:
    assert use.erlang_b(1.0, 1_000_000) == 0.0
    assert use.erlang_c(1.0, 1_000_000) == 0.0
    # Not negligible, but small: the sum runs far.
    assert use.erlang_b(980_000.0, 1_000_000) == pytest.approx(
        float(exact_b(980_000.0, 1_000_000)), rel=1e-10
    )


def test_published_table() -> None:
    # Erlang B: greatest load for a loss of 1%, as printed in traffic tables (three digits).
    servers = np.array([1, 2, 5, 10, 20, 50, 100])
    load = np.array([0.0101, 0.153, 1.36, 4.46, 12.0, 37.9, 84.1])
    np.testing.assert_allclose(use.erlang_b(load, servers), 0.01, rtol=0.025)


@given(load=st.floats(0, 1e5), servers=st.integers(0, 10_000))
@example(load=2384.0, servers=4436)
def test_laws(load: float, servers: int) -> None:
    loss, wait = use.erlang_b(load, servers), use.erlang_c(load, servers)
    rounding = 1 + 1e-14
    assert 0 <= loss <= wait * rounding <= rounding
    assert use.erlang_b(load, servers + 1) <= loss * rounding
    # B(n) = a B(n-1) / (n + a B(n-1))
    further = load * loss / (servers + 1 + load * loss)
    assert use.erlang_b(load, servers + 1) == pytest.approx(further, rel=1e-12, abs=1e-300)


def test_an_overload_makes_all_wait() -> None:
    np.testing.assert_array_equal(use.erlang_c([4.0, 5.0, np.inf], 4), [1.0, 1.0, 1.0])
    assert use.erlang_c(np.nextafter(4.0, 0.0), 4) < 1.0 + 1e-15


@pytest.mark.parametrize("servers", [1, 2, 8, 64, 1000, 100_000, 1_000_000])
@pytest.mark.parametrize("wait", [1e-12, 1e-3, 0.05, 0.5, 0.999])
def test_carried_load_is_the_highest(servers: int, wait: float) -> None:
    level = use.carried_load(servers, wait)
    assert 0 < level < 1
    assert use.erlang_c(level * servers, servers) <= wait * (1 + 1e-8)
    assert use.erlang_c(level * servers * (1 + 1e-9), servers) >= wait * (1 - 1e-8)


def test_larger_pools_carry_more() -> None:
    levels = use.carried_load(2 ** np.arange(20), 0.01)
    assert (np.diff(levels) > 0).all()
    np.testing.assert_array_equal(use.carried_load(8, [0.0, 1.0]), [0.0, 1.0])
    rare = [1e-320, 1e-305, 0.3]
    np.testing.assert_array_equal(use.carried_load(1, rare), rare)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (use.erlang_b, (-1.0, 2)),
        (use.erlang_b, (1.0, -2)),
        (use.erlang_b, (1.0, 2.5)),
        (use.erlang_b, (1.0, np.inf)),
        (use.erlang_b, (1.0, 1e10)),
        (use.erlang_c, (-1.0, 2)),
        (use.carried_load, (0, 0.1)),
        (use.carried_load, (2, -0.1)),
        (use.carried_load, (2, 1.1)),
    ],
)
def test_domains(function, arguments) -> None:
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert np.isnan(function(*arguments))
