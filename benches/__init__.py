"""Benchmarks: what the library takes against what one would run instead."""
