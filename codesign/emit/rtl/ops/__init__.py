"""One file an operator: the instance of its SystemVerilog module.

The part of operator X is `emit/rtl/ops/x.py` with one pure function, `inputs` and `outputs` being tensor types:

    block(name, op, inputs, outputs, folding) -> codesign.emit.rtl.base.Block
"""
