"""What runs on the board: NumPy and `pynq` only, for Python 3.8 and newer. Every board package holds a copy of it."""
