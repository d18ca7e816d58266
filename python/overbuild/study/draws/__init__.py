"""Draws: points, quantile tables, and what goes together."""
