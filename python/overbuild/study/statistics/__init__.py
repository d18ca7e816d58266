"""Quantiles, means and their errors."""
