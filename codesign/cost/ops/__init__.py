"""One file an operator: what its block takes.

The part of operator X is `cost/ops/x.py` with one pure function, `inputs` and `outputs` being tensor types:

    cost(op, inputs, outputs, folding) -> BlockCost

Numbers in capitals that say so are fitted to syntheses by Yosys; the others follow from how the block is built.
"""
