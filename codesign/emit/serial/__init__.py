"""A design behind a serial line, for boards that hold nothing but an FPGA: pins, clock, the protocol of the line."""

from codesign.emit.serial.package import emit_serial

__all__ = ["emit_serial"]
