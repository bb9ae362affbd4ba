"""Head, hardware and tail of a network's file in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codesign.reporting.summary import Boundary, FileZones, Summary, Zone

MOST_KINDS = 8
"""So many kinds of operators are listed; of more the rarest are put together."""


def zone_lines(summary: Summary) -> dict[str, str]:
    """A sentence for each of head, hardware and tail; none where the network comes from no file."""
    file = summary.file
    if file is None:
        return {}
    return {"head": _head(file, summary), "hardware": _hardware(file, summary), "tail": _tail(file)}


def operators(zone: Zone) -> str:
    """Its operators and how often each is there, such as `7 Conv, MaxPool, 9 Quant`."""
    kinds = _most(zone.operators)
    left = zone.count - sum(kinds.values())
    listed = [f"{count} {kind}" if count > 1 else kind for kind, count in kinds.items()]
    return ", ".join([*listed, f"{left} others"] if left else listed)


def _most(kinds: Mapping[str, int]) -> Mapping[str, int]:
    if len(kinds) <= MOST_KINDS:
        return kinds
    kept = sorted(kinds, key=lambda kind: -kinds[kind])[:MOST_KINDS]
    return {kind: count for kind, count in kinds.items() if kind in kept}


def in_file(tensor: Boundary) -> str:
    """A tensor as the file has it, such as `image 1x3x32x32 float32`."""
    return f"{tensor.name} {'x'.join(map(str, tensor.shape))} {tensor.type}"


def in_stream(tensors: Sequence[Boundary], summary: Summary) -> str:
    """The same tensors as streams of integers, such as `3x32x32 u8`."""
    known = summary.tensors
    return ", ".join(known[tensor.tensor].label for tensor in tensors if tensor.tensor in known)


def becomes(file: FileZones, summary: Summary) -> str:
    """What the head has become."""
    if not file.within:
        return "gives the input's integers, computed by whoever feeds the hardware"
    kinds = {block.name: block.operator for block in summary.blocks}
    blocks = ", ".join(f"{kinds[name]} {name}" if name in kinds else name for name in file.within)
    return f"becomes part of {blocks}"


def _head(file: FileZones, summary: Summary) -> str:
    inputs = ", ".join(map(in_file, file.inputs))
    if not file.head.count:
        return f"nothing; {inputs} enters as {in_stream(file.inputs, summary)}"
    return f"{operators(file.head)} at {inputs} {becomes(file, summary)}"


def _hardware(file: FileZones, summary: Summary) -> str:
    ends = [f"{in_file(tensor)} as {in_stream([tensor], summary)}" for tensor in file.outputs]
    what = f"{operators(file.hardware)}, in {len(summary.blocks)} blocks"
    return f"{what}: from {in_stream(file.inputs, summary)} to {', '.join(ends)}"


def _tail(file: FileZones) -> str:
    starts = ", ".join(tensor.name for tensor in file.outputs if not tensor.final) or "the outputs"
    if not file.tail.count:
        return "nothing; the outputs are the hardware's integers"
    return f"{operators(file.tail)} on the host, from {starts}"
