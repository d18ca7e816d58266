"""Percentages of the Modified Accelerated Cost Recovery System, as printed.

Source: IRS Publication 946 (2025), tables A-1 (half-year) and A-2 to A-5 (mid-quarter), kept in
``overbuild/data/macrs.csv``.

Every column sums to 100, and every number is within one of the rule in its last digit, but for two
columns whose last year takes up what an earlier one lacks: 7-year property of the second quarter
(17.85 for 17.857, so 3.34 for 3.326) and 20-year property of the first (7.000 for 7.008, so 0.565
for 0.557). Some reprints end those columns with 3.33 and 0.557, and fall short of 100.
"""

from __future__ import annotations

import functools

from overbuild.data import load


@functools.cache
def percentages() -> dict[tuple[str, int], dict[int, list[float]]]:
    """Percent of the cost in each year, by convention and quarter (0 for half-year), and class."""
    printed = load("macrs").fillna({"quarter": 0}).sort_values("year", kind="stable")
    found: dict[tuple[str, int], dict[int, list[float]]] = {}
    columns = (printed[name] for name in ("convention", "quarter", "recovery_years", "value"))
    for convention, quarter, years, percent in zip(*columns, strict=True):
        classes = found.setdefault((str(convention), int(quarter)), {})
        classes.setdefault(int(years), []).append(float(percent))
    return {table: dict(sorted(classes.items())) for table, classes in found.items()}
