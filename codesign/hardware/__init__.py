"""What is built: units, windows, memories and streams, and in `ops/x.py` how operator X is made of them.

Everything here follows from an operator, the types of its tensors and a folding, and decides something about the
SystemVerilog; what it takes of a chip is told by `codesign.cost`.
"""
