"""Cited figures that come with the package: CSV tables with unit, date, source and grade.

Grades: ``A`` a primary document or a named data set; ``B`` press; ``C`` a blog or aggregator;
``derived`` computed from other figures; ``unverified`` widely quoted, but not checked against a
primary source; ``seed`` stated only by the research note whose claims are examined;
``assumption`` a judgement of ours, reasoned in the note.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["names", "path"]

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Names of the tables.

    Returns
    -------
    list of str
        Sorted; each can be given to :func:`path`. Tables are text, without a unit or shape.

    Notes
    -----
    Source: each row of a table names its own.

    Examples
    --------
    >>> import overbuild as ob
    >>> "coreweave_2024" in ob.data.names()
    True
    """
    return sorted(file.stem for file in _FOLDER.glob("*.csv"))


def path(name: str) -> Path:
    """Path of a table, for :func:`overbuild.read_inputs` or any reader of CSV.

    Parameters
    ----------
    name : str
        Name of the table, without ``.csv``; a name has neither unit nor shape.

    Returns
    -------
    pathlib.Path
        Of a file with one row for each figure, in the unit that the row states.

    Raises
    ------
    ValueError
        If there is no such table.

    Notes
    -----
    Source: each row of a table names its own.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.data.path("coreweave_2024").name
    'coreweave_2024.csv'
    """
    if name not in names():
        msg = f"no table {name!r}; there are {', '.join(names())}"
        raise ValueError(msg)
    return _FOLDER / f"{name}.csv"
