"""The package that a user takes to Vivado and to the board."""

from codesign.emit.board.package import emit_board

__all__ = ["emit_board"]
