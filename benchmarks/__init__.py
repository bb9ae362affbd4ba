"""Figures that the documentation shows: each theme is a folder, each figure a command `python -m benchmarks.THEME.NAME`."""
