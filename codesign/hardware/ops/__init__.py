"""One file an operator: how it may be folded, its lanes, and which input pixels its outputs depend on.

The part of operator X is `hardware/ops/x.py` with three pure functions, `inputs` and `outputs` being tensor types:

    foldings(op, inputs, outputs) -> tuple[Folding, ...]   all that the hardware accepts, cheapest first
    lanes(op, inputs, outputs, folding) -> Lanes           channels per beat at each port
    dependence(op, inputs, outputs) -> Dependence          which input pixels an output pixel waits for

Operators made of the shared units also have `unit` and `window`, which give these as a folding builds them.
"""
