"""Ready models made of the wings: plain functions, for a :class:`overbuild.Study` or alone."""

from __future__ import annotations

from overbuild.models.neocloud import neocloud

__all__ = ["neocloud"]
