"""The design as an IP core that any block design can take in: `rtl/`, described by its `component.xml`."""

from codesign.emit.core.package import ACCELERATOR, WRAPPER, emit_core

__all__ = ["ACCELERATOR", "WRAPPER", "emit_core"]
