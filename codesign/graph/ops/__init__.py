"""One file an operator: what it computes.

The part of operator X is `graph/ops/x.py` with a frozen dataclass derived from `codesign.graph.op.Op`, whose `kind` is
the file's name: `infer` gives the types of its outputs, `execute` computes them.
"""
