"""Inputs and scenarios from tables: one row a parameter, as analysts keep them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, TypeAlias

import pandas as pd

from overbuild.study.inputs import SCENARIO, Input
from overbuild.study.tables.cells import text
from overbuild.study.tables.grid import Row, read_rows
from overbuild.study.tables.positions import assemble
from overbuild.study.tables.rows import COLUMNS

#: A CSV file, a data frame, or a mapping.
Table: TypeAlias = str | os.PathLike[str] | pd.DataFrame | Mapping[str, Any]


def read_inputs(table: Table) -> dict[str, Input]:
    """Read the inputs of a study from a table with one row a parameter.

    Columns are ``name``, ``distribution``, the numbers that it takes, and ``unit``, ``date``,
    ``published``, ``source``, ``grade``, ``note``. Words in ``distribution``, and the columns they
    take:

    - constant, which is meant if there is no word: ``value``;
    - lognormal, normal, beta (on 0 to 1), gamma, weibull: ``low`` and ``high``, the ends of the
      central interval of probability ``level``, 0.9 unless given;
    - uniform, loguniform: ``low`` and ``high``, least and greatest value;
    - triangular, pert: ``low``, ``mode``, ``high``;
    - choice, empirical: ``values``, and ``weights`` if they are not equal, each a list with
      semicolons: ``1; 2; 3``.

    Several rows of one name, each with a number in ``weights``, are a mixture. Any row may have
    ``truncate_low`` and ``truncate_high``, beyond which nothing is drawn; then ``clip_low`` and
    ``clip_high``, onto which values beyond are moved; then ``zero_share``, the probability of
    zero in place of all that. Rows ``price[quarter=2025Q1]``, ``price[quarter=2025Q2]`` and so
    on make one input with a dimension, or more: ``price[site=west, quarter=1]``; the unit is the
    same at all positions.

    A number may have commas before groups of three digits (``1,234,567``), a percent sign
    (``62%`` is 0.62) and a power of ten (``3e8``). What might be read in two ways is refused,
    such as ``1,5``, ``1.234.567`` or ``$2.50``. Lines of a CSV that begin with ``#`` are comments.

    Parameters
    ----------
    table : path, DataFrame or mapping
        A CSV file in UTF-8; a table with these columns in any order, of which all but ``name``
        may be missing; or a mapping from name to a mapping of columns, a list of these (a
        mixture), a number, a distribution or an :class:`Input`. Numbers are in the row's unit.

    Returns
    -------
    dict
        An :class:`Input` for each name, in the table's order.

    Raises
    ------
    ValueError
        If a column is unknown, a name or number is missing, not what it should be or not used,
        rows do not go together, or a distribution is unknown or impossible. The message names
        the table, the row, counted from 1 below the header, the parameter and the column.
    TypeError
        If `table` is none of the above.

    Notes
    -----
    Source: the layout is that of a cited assumptions table.

    Examples
    --------
    >>> import overbuild as ob
    >>> inputs = ob.read_inputs(ob.data.path("coreweave_2024"))
    >>> inputs["customer_hours"].unit, inputs["customer_hours"].grade
    ('GPU-hour', 'seed')
    """
    return assemble(read_rows(table, COLUMNS))


def read_scenarios(table: Table) -> dict[str, dict[str, Input]]:
    """Read scenarios of a study from a table: what each overrides, one row a parameter.

    Parameters
    ----------
    table : path, DataFrame or mapping
        As for :func:`read_inputs`, with one more column ``scenario``; or a mapping from scenario
        to a mapping that :func:`read_inputs` takes. A row with nothing but ``scenario`` is a
        scenario that overrides nothing.

    Returns
    -------
    dict
        For each scenario, in the table's order, an :class:`Input` for each name it overrides:
        what ``Study(..., scenarios=...)`` takes.

    Raises
    ------
    ValueError, TypeError
        As :func:`read_inputs`; if a row names no scenario.

    Notes
    -----
    Source: the layout is that of a cited assumptions table.

    Examples
    --------
    >>> import overbuild as ob
    >>> import pandas as pd
    >>> table = pd.DataFrame({"scenario": ["bear", "bull"], "name": ["price", "price"],
    ...                       "value": [1.5, 3.0], "unit": "USD/GPU-hour"})
    >>> scenarios = ob.read_scenarios(table)
    >>> scenarios["bear"]["price"].value
    1.5
    """
    rows: dict[str, list[Row]] = {}
    for row in read_rows(table, (SCENARIO, *COLUMNS)):
        if SCENARIO not in row.cells:
            raise row.fault([SCENARIO], "a scenario is missing")
        block = rows.setdefault(text(row.cells[SCENARIO]), [])
        others = row.cells.keys() - {SCENARIO}
        if row.name or others or row.given:
            block.append(row)
    return {scenario: assemble(block) for scenario, block in rows.items()}
