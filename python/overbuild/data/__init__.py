"""Cited figures that come with the package: CSV tables with unit, date, source and grade.

Grades, from the best to the worst: ``A`` a primary document or a named data set; ``B`` press;
``derived`` computed from figures that are cited; ``C`` a blog or aggregator; ``assumption`` a
judgement of ours, reasoned in the note; ``seed`` stated only by the research note whose claims are
examined; ``unverified`` widely quoted, but not checked against a primary source.

A figure that is computed from several is as good as the worst of them (:func:`worst`). What is
computed from an unverified figure is unverified, so no table hides one. A study does the same by
itself: its outputs are ``derived``, or ``derived from unverified`` if one of its inputs is.

Column ``date`` is the day or period that a figure is for, as its source puts it. Column
``published``, where there is one, is the last day by which the figure was public: the day of its
release or, where we do not know that, the end of the month or year that its source names, or of the
time that the SEC gives for the filing.
"""

from __future__ import annotations

from overbuild.data.files import names, path
from overbuild.data.grades import GRADES, worst
from overbuild.data.tables import load, sources

__all__ = ["GRADES", "load", "names", "path", "sources", "worst"]
