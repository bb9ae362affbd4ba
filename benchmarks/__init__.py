"""Figures that the documentation shows: a theme is a folder, a figure a command `python -m benchmarks.THEME.NAME`."""
