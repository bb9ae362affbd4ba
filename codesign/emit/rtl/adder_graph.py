"""Prints an adder graph as a SystemVerilog module of tables (`bit_sum`) and adders, combinational or in stages."""

from __future__ import annotations

from typing import Any

from codesign.emit.rtl.base import template
from codesign.reuse.adder_graph import Add, AdderGraph, Bit, Count, Input, Join, Step, Terms, stage_of


def output_bits(graph: AdderGraph) -> int:
    """Width of each of the module's outputs, two's complement."""
    return 1 + max(graph.nodes[output.high].width for output in graph.outputs)


def module(graph: AdderGraph, name: str, levels_a_stage: int | None = None) -> str:
    """The text of module `name`: ports x_i, a bit an input, and y_o, `output_bits` a channel, channel 0 lowest.

    levels_a_stage: with it the module has ports clk_i and ce_i, unless it is one stage, and takes new inputs in every
    cycle in which ce_i is high.
    """
    printer = _Printer(graph, levels_a_stage)
    bits, latency = output_bits(graph), graph.latency_cycles(levels_a_stage)
    outputs = []
    for output in graph.outputs:
        spare = bits - 1 - graph.nodes[output.high].width
        word = printer.word(output.high, latency)
        sign = f"{{{spare}{{{word}[{graph.nodes[output.high].width - 1}]}}}}, " if spare else ""
        outputs.append(f"{{{sign}{word}, {printer.bit(output.low, latency)}}}")
    nodes = [printer.node(index) | {"delays": printer.delays(index)} for index in range(len(graph.nodes))]
    return template("adder_graph.sv.j2").render(
        name=name,
        about=f"{graph.inputs} bits to {len(outputs)} sums: depth {graph.depth}, about {graph.lut} LUTs, "
        f"latency {latency}. Generated.",
        latency=latency,
        inputs=graph.inputs,
        channels=len(outputs),
        bits=bits,
        nodes=nodes,
        outputs=outputs,
    )


class _Printer:
    """Names of words at the stages where they are needed."""

    def __init__(self, graph: AdderGraph, levels_a_stage: int | None) -> None:
        self.graph = graph
        self.stages = [stage_of(level, levels_a_stage) for level in graph.levels]
        self.last = graph.last_stages(levels_a_stage)

    def word(self, index: int, stage: int) -> str:
        later = stage - self.stages[index]
        if index < self.graph.inputs:
            return f"x{index}_{later}" if later else f"x_i[{index}]"
        return f"v{index}_{later}" if later else f"v{index}"

    def bit(self, bit: Bit, stage: int) -> str:
        word = self.word(bit.node, stage)
        return f"{'~' if bit.inverted else ''}{word if bit.node < self.graph.inputs else f'{word}[{bit.index}]'}"

    def delays(self, index: int) -> list[dict[str, str]]:
        first = self.stages[index]
        return [
            {"name": self.word(index, stage), "before": self.word(index, stage - 1)}
            for stage in range(first + 1, self.last[index] + 1)
        ]

    def node(self, index: int) -> dict[str, Any]:
        """What the template prints of a node."""
        node, stage = self.graph.nodes[index], self.stages[index]
        printed: dict[str, Any] = {"name": f"v{index}", "width": max(node.width, 1), "terms": (), "kind": "sum"}
        match node:
            case Input():
                return printed | {"kind": "input"}
            case Join(parts):
                joined = ", ".join(self.bit(bit, stage) for bit in reversed(parts))
                return printed | {"kind": "wire", "value": f"{{{joined}}}" if parts else "1'b0"}
            case Count(terms, constant):
                return printed | {"kind": "count", "constant": constant} | self._terms(terms, stage)
            case Step(base, terms, constant, carry, width):
                return (
                    printed
                    | {"first": self._extended(base, stage, width), "second": f"v{index}_terms"}
                    | {"constant": constant, "carry": self.bit(carry, stage) if carry else ""}
                    | (self._terms(terms, stage) if terms else {"second": f"{width}'({constant})"})
                )
            case Add(first, second, negated, carry, width):
                return printed | {
                    "first": self._extended(first, stage, width),
                    "second": ("~" if negated else "") + self._extended(second, stage, width),
                    "carry": self.bit(carry, stage) if carry else "",
                }

    def _terms(self, terms: Terms, stage: int) -> dict[str, Any]:
        """The bits and weights of a table, highest first."""
        weights = ", ".join(f"16'sd{weight}" for _, weight in reversed(terms))
        return {"terms": [self.bit(bit, stage) for bit, _ in reversed(terms)], "weights": f"{{{weights}}}"}

    def _extended(self, index: int, stage: int, width: int) -> str:
        """A word with its sign, if it has one, repeated up to `width` bits."""
        node, word = self.graph.nodes[index], self.word(index, stage)
        spare = width - max(node.width, 1)
        if spare < 0:
            return f"{word}[{width - 1}:0]"
        if not spare:
            return word
        sign = f"{word}[{node.width - 1}]" if node.signed else "1'b0"
        return f"{{{{{spare}{{{sign}}}}}, {word}}}"
