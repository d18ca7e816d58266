"""Orders into arrivals, against a matrix product."""

from __future__ import annotations

import numpy as np
from scipy.linalg import toeplitz

import overbuild as ob
from benches.timing import compare


def arrivals() -> None:
    """A hundred thousand order streams, one lead time for all of them and one for each."""
    rows, periods, lags = 100_000, 60, 40
    rng = np.random.default_rng(0)
    orders = rng.uniform(1, 10, (rows, periods))
    shared = rng.dirichlet(np.ones(lags))
    own = rng.dirichlet(np.ones(lags), rows)
    matrix = toeplitz(np.zeros(periods), np.append(shared, np.zeros(periods - lags)))
    matrix[np.diag_indices(periods)] = shared[0]
    np.testing.assert_allclose(ob.leadtime.deliveries(orders, shared), orders @ matrix)
    # The copy is a measure of memory, and lets the threads of the matrix product fall asleep.
    runs = {
        "overbuild, one lead time": lambda: ob.leadtime.deliveries(orders, shared),
        "overbuild, a lead time for each row": lambda: ob.leadtime.deliveries(orders, own),
        "NumPy, matrix product, one lead time": lambda: orders @ matrix,
        "copy of the orders": lambda: orders.copy(),
    }
    compare(f"deliveries, {rows:,} rows of {periods}, {lags} lags", runs, rounds=15)
