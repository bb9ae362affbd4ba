"""The package that a user takes to Vivado and to the board."""

from codesign.emit.board.package import emit_board
from codesign.emit.board.tail import BoardTail

__all__ = ["BoardTail", "emit_board"]
