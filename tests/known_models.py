"""Models whose sensitivities are known in closed form, and draws for them."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import stats
from scipy.stats import qmc

#: Of one input of the Ishigami function, which has three like it.
ANGLE = stats.uniform(-np.pi, 2 * np.pi)


def ishigami(x1, x2, x3):
    return np.sin(x1) + 7 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1)


def _ishigami_shares():
    """Ishigami and Homma (1990); Saltelli et al., *Sensitivity Analysis* (2000), 2.9.3."""
    one = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2
    two = 7**2 / 8
    both = 0.1**2 * np.pi**8 * (1 / 18 - 1 / 50)
    total = one + two + both
    return np.array([one, two, 0]) / total, np.array([one + both, two, both]) / total


ISHIGAMI_FIRST, ISHIGAMI_TOTAL = _ishigami_shares()

G_WEIGHTS = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])


def sobol_g(*x):
    factors = [(np.abs(4 * u - 2) + a) / (1 + a) for u, a in zip(x, G_WEIGHTS, strict=True)]
    return np.prod(factors, axis=0) if not isinstance(x[0], xr.DataArray) else _times(factors)


def _times(factors):
    product = factors[0]
    for factor in factors[1:]:
        product = product * factor
    return product


def _g_shares():
    """Saltelli and Sobol' (1995): each factor has variance 1 / (3 (1 + a)^2), mean 1."""
    parts = 1 / (3 * (1 + G_WEIGHTS) ** 2)
    total = np.prod(1 + parts) - 1
    rest = np.array([np.prod(1 + np.delete(parts, k)) for k in range(parts.size)])
    return parts / total, parts * rest / total


G_FIRST, G_TOTAL = _g_shares()


def points(dims: int, draws: int, seed: int = 0) -> np.ndarray:
    """Scrambled Sobol' points, one row an input."""
    return np.ascontiguousarray(qmc.Sobol(dims, rng=seed).random(draws).T)


def replicated(dims: int, draws: int, seed: int) -> np.ndarray:
    """Sixteen independent scrambles, dealt out in turn."""
    each = [points(dims, draws // 16, 1000 * seed + k) for k in range(16)]
    return np.stack(each, axis=-1).reshape(dims, draws)


def dataset(inputs, outputs, weights=None, **attrs):
    """A data set of a result, from arrays over draws."""
    variables = {
        name: xr.DataArray(value, dims="draw", attrs={"role": role, "unit": unit})
        if not isinstance(value, xr.DataArray)
        else value.assign_attrs(role=role, unit=unit)
        for role, unit, group in (("input", "h", inputs), ("output", "USD", outputs))
        for name, value in group.items()
    }
    made = xr.Dataset(variables, attrs=attrs)
    return made if weights is None else made.assign_coords(draw_weight=("draw", weights))
