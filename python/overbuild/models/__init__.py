"""Ready models made of the wings: plain functions, for a :class:`overbuild.Study` or alone."""

from __future__ import annotations

from overbuild.models.campus import campus
from overbuild.models.campus_drivers import campus_drivers
from overbuild.models.industry import industry
from overbuild.models.neocloud import neocloud

__all__ = ["campus", "campus_drivers", "industry", "neocloud"]
