"""Lead times that are spread evenly around a mean, as shares by quarter along ``lag``.

How many lags there are depends on the longest lead time at hand. Sums go so that shares of 0 at the
end change no bit.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

#: Weeks in a quarter of a year.
WEEKS = 365.25 / 28

#: Longest lead time in quarters, so that a slip of a unit does not fill the memory.
MOST = 200.0


def even_shares(mean: xr.DataArray, spread: xr.DataArray) -> xr.DataArray:
    """Return the share of orders that arrives after each number of quarters.

    Orders are placed evenly over a quarter and take from ``(1 - spread) mean`` to
    ``(1 + spread) mean`` quarters, evenly.
    """
    low, high = mean * (1.0 - spread), mean * (1.0 + spread)
    longest = float(np.nan_to_num(high.max(), nan=0.0))
    edges = xr.DataArray(np.arange(-1.0, np.ceil(longest) + 2.0), dims="lag")
    # Both the order and the lead time are spread: a difference of a difference.
    shares = _area(edges, low, high).diff("lag").diff("lag").clip(min=0.0)
    lag = xr.DataArray(np.arange(shares.sizes["lag"]), dims="lag")
    # What is left outside is rounding.
    outside = (lag >= high + 1.0) | (lag + 1.0 <= low)
    shares = shares.where(~outside, 0.0)
    return shares / _summed(shares)


def _area(edges: xr.DataArray, low: xr.DataArray, high: xr.DataArray) -> xr.DataArray:
    """Integrate the distribution function of an even distribution up to each edge."""
    width = high - low
    beyond = (edges - low).clip(min=0.0)
    inside = beyond.where(beyond < width, width)
    # From the end on the function is 1; where all are alike there is nothing inside.
    area: xr.DataArray = inside**2 / (2.0 * width.where(width > 0.0, 1.0)) + (beyond - inside)
    return area


def mixed(some: xr.DataArray, others: xr.DataArray, weight: xr.DataArray) -> xr.DataArray:
    """Return shares by lag of which the others have a weight."""
    longest = max(some.sizes["lag"], others.sizes["lag"])
    some, others = (
        table.pad(lag=(0, longest - table.sizes["lag"]), constant_values=0.0)
        for table in (some, others)
    )
    return (1.0 - weight) * some + weight * others


def later(shares: xr.DataArray) -> xr.DataArray:
    """Return the share that arrives after more than each number of quarters."""
    backward = slice(None, None, -1)
    from_here = shares.isel(lag=backward).cumsum("lag", skipna=False).isel(lag=backward)
    return from_here.shift(lag=-1, fill_value=0.0)


def discounted(shares: xr.DataArray, growth: xr.DataArray) -> xr.DataArray:
    """Sum shares, each less by the growth over as many quarters as it took."""
    is_first = xr.DataArray(np.arange(shares.sizes["lag"]) == 0, dims="lag")
    factor = (1.0 / (1.0 + growth) + 0.0 * is_first).where(~is_first, 1.0)
    return _summed(shares * factor.cumprod("lag", skipna=False))


def _summed(table: xr.DataArray) -> xr.DataArray:
    total: xr.DataArray = table.cumsum("lag", skipna=False).isel(lag=-1)
    return total
