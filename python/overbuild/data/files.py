"""The files of the tables."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Names of the tables.

    Returns
    -------
    list of str
        Sorted; each can be given to :func:`load` and :func:`path`. Tables are text, without a
        unit or shape.

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
    known = names()
    if name not in known:
        msg = f"no table {name!r}; there are {', '.join(known)}"
        raise ValueError(msg)
    return _FOLDER / f"{name}.csv"
