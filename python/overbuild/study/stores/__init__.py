"""Draws on disk, for runs larger than memory or longer than a sitting."""
