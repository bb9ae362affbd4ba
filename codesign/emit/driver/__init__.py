"""What drives a design: its description for the driver in Python, the driver in C, and frames to test itself with."""

from codesign.emit.driver.package import CERTIFICATE_FILES, emit_driver
from codesign.emit.driver.tail import BoardTail

__all__ = ["CERTIFICATE_FILES", "BoardTail", "emit_driver"]
