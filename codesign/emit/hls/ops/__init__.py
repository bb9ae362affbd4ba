"""One file an operator: its layers of hls4ml.

The part of operator X is `emit/hls/ops/x.py` with one pure function, whose argument and result are those of
`codesign.emit.hls.base`:

    layers(block) -> tuple[Layer, ...]
"""
