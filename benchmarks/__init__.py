"""Measurements of the project, run with `python -m benchmarks`."""
