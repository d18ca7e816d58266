"""How good a source is, and how good a figure that rests on several."""

from __future__ import annotations

from collections.abc import Iterable

#: From the best to the worst.
GRADES = ("A", "B", "derived", "C", "assumption", "seed", "unverified")


def worst(grades: Iterable[str]) -> str:
    """Grade of what is computed from several figures: the worst of theirs.

    Parameters
    ----------
    grades : iterable of str
        Grades of the figures, in any order, such as a column of a table; words without a unit.

    Returns
    -------
    str
        One of them. ``unverified`` is the worst of all, so that it cannot hide behind another.

    Raises
    ------
    TypeError
        If `grades` is no list or other iterable.
    ValueError
        If there is none, or one is no grade.

    Notes
    -----
    Source: convention of this package; a chain is as strong as its weakest link.

    Examples
    --------
    >>> import overbuild as ob
    >>> ob.data.worst(["A", "unverified", "B"])
    'unverified'
    """
    if not isinstance(grades, Iterable):
        msg = f"grades must be a list of grades, got {grades!r:.80}"
        raise TypeError(msg)
    given = [grades] if isinstance(grades, str) else list(grades)
    if not given:
        msg = "grades are empty; what rests on nothing has no grade"
        raise ValueError(msg)
    # A study says of an output what it is derived from.
    given = [str(grade).removeprefix("derived from ") for grade in given]
    for grade in given:
        if grade not in GRADES:
            msg = f"no grade {grade!r}; there are {', '.join(GRADES)}"
            raise ValueError(msg)
    return max(given, key=GRADES.index)
