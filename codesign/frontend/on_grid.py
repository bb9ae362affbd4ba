"""Regions whose results only take values on a grid: quantizers and tables written out in plain operators.

Of integers of few bits every result is computed. Of wide ones either all nodes keep the order, so that bisection finds
the steps, or comparisons alone decide, whose places are found one after another. Nothing is taken from samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.digits import combined
from codesign.frontend.functions import real_function
from codesign.frontend.importer import Importer, shape_of
from codesign.frontend.naming import place_of
from codesign.frontend.refusal import RefusalError
from codesign.frontend.regions import FLOATS, INTEGERS, STEPS, Region, cast_to, in_region, monotone
from codesign.frontend.relabelling import called, relabelled
from codesign.frontend.stairs import parts
from codesign.frontend.thresholds import operator_of
from codesign.frontend.values import Activation, Condition, Constant, Host, Step, Unquantized, Value
from codesign.graph import Op, TensorType
from codesign.graph.op import EXACT_FLOAT32
from codesign.graph.ops.lookup import MOST_VALUES
from codesign.graph.ops.requant import Requant
from codesign.graph.reals import is_power_of_two

Array = NDArray[Any]
Integers = NDArray[np.int64]
MOST_INTEGER = 1 << 16
"""What integers on a grid that is searched for stay below."""
MOST_NODES = 256


@dataclass(frozen=True)
class Grid:
    """Values q * scale in float32, with q = lo, lo + step, ..., hi."""

    scale: float
    lo: int
    hi: int
    step: int = 1

    def integers(self, real: Array) -> Integers:
        """Raises GraphError for a value that is not on the grid."""
        q: Array = np.rint(real.astype(np.float64) / self.scale)
        if ((q * self.scale).astype(np.float32) != real).any():
            raise GraphError(f"has results that are no multiples of {self.scale:g}", remedy="put a quantizer behind it")
        return q.astype(np.int64)


def on_grid(importer: Importer, name: str) -> Activation | None:
    """The tensor `name` of the file as integers of the graph; None if no region with steps leads to it.

    Raises GraphError where its results are not known exactly.
    """
    found = _region(importer, name)
    if found is None:
        return None
    region, source = found
    region.check()
    if importer.element(name) != onnx.TensorProto.FLOAT:
        raise GraphError("leaves integers to operators that are not read on integers", remedy="cast them to float32")
    node = importer.producer(name)
    assert node is not None
    if isinstance(source, Unquantized):
        if source.kind is None:
            return _input(importer, region, source, node)
        source = importer.declared(source)
    if source.layout not in ("map", "flat"):
        raise GraphError("computes with a tensor that is laid out in another way", remedy="put a quantizer before it")
    tensor = source.tensor
    operators = _operators(region, source, importer.type(source))
    for left, op in reversed(list(enumerate(reversed(operators)))):
        (tensor,) = importer.builder.add(op, [tensor], node, [None if left else name])
    return Activation(tensor, source.layout, origin=name)


def _region(importer: Importer, result: str) -> tuple[Region, Activation | Unquantized] | None:
    """The nodes between the one tensor of integers, or of functions of them, that `result` depends on, and that."""
    waiting, nodes, constants = [result], dict[str, onnx.NodeProto](), dict[str, Array]()
    sources = dict[str, Activation | Unquantized]()
    while waiting:
        name = waiting.pop()
        if name in nodes or name in constants or name in sources:
            continue
        value, node = importer.value(name), importer.producer(name)
        if isinstance(value, Constant):
            constants[name] = value.value if value.scale is None else value.single
        elif (source := _source(importer, name, value)) is not None:
            sources[name] = source
        elif node is None or not in_region(node) or not isinstance(value, Activation | Condition | Host):
            return None
        else:
            nodes[name] = node
            waiting += [n for n in node.input if n]
        if len(sources) > 1 or len(nodes) > MOST_NODES:
            return None
    if len(sources) != 1 or all(node.op_type not in STEPS for node in nodes.values()):
        return None
    ((start, given),) = sources.items()
    shape = importer.shape(start)
    if importer.shape(result) != shape:
        return None
    ordered = tuple(node for node in importer.model.graph.node if any(name in nodes for name in node.output))
    return Region(start, result, ordered, constants, importer.element(start), shape, importer.opset), given


def _input(importer: Importer, region: Region, source: Unquantized, node: onnx.NodeProto) -> Activation | None:
    """The network's input, which the region quantizes: divides, rounds, clips, multiplies; None if it does not."""
    names = [n.op_type for n in region.nodes]
    if names not in (["Div", "Round", "Clip", "Mul"], ["Round", "Clip", "Mul"]):
        return None
    step = _one_number(region, region.nodes[0]) if names[0] == "Div" else 1.0
    scale = _one_number(region, region.nodes[-1])
    bounds = [float(region.constants[name].flat[0]) for name in region.nodes[-2].input[1:] if name in region.constants]
    if not step or not scale or min(step, scale) <= 0 or len(bounds) != 2 or np.ptp(bounds) > MOST_INTEGER:
        return None
    lo, hi = map(int, np.rint(bounds))
    q = np.broadcast_to(np.arange(lo, hi + 1)[:, None], (hi - lo + 1, region.shape[1]))
    (real,) = region.function()((q * step).astype(np.float32))
    if lo >= hi or (real != (q * scale).astype(np.float32)).any():
        return None
    kind = TensorType(shape_of(source), lo, hi, (step,))
    tensor = importer.builder.input(source.name, kind, region.result if step == scale else source.name)
    if step != scale:
        tensor = relabelled(importer.builder, tensor, scale, place_of(node))
    return Activation(tensor, source.layout, origin=region.result)


def _source(importer: Importer, name: str, value: Value) -> Activation | Unquantized | None:
    """What `name` stands for, if its nodes need not be looked at."""
    if isinstance(value, Unquantized) or (isinstance(value, Activation) and not value.opaque):
        return value
    if isinstance(value, Host) and importer.element(name) == onnx.TensorProto.INT32:
        return combined(importer, name)
    return None


def _operators(region: Region, source: Activation, kind: TensorType) -> tuple[Op, ...]:
    """One after another, they make of the integers of `source`, of type `kind`, those of the result."""
    shifted = _requant(region, source, kind)
    if shifted is not None:
        return shifted
    run, elements = region.function(), _elements(region, source, kind)

    def reals(q: Integers) -> Array:
        return run(elements(q))[0]

    grid = _grid(region, kind, elements, reals)
    return (operator_of(lambda q: grid.integers(reals(q)), kind, (grid.lo, grid.hi), grid.scale, grid.step),)


def _elements(region: Region, source: Activation, kind: TensorType) -> Callable[[Integers], Array]:
    """From integers (K, C) of the source to its elements in the file."""
    if region.element in INTEGERS:
        return lambda q: q
    real = real_function(source.steps, kind.scale)
    return lambda q: real(q)


def _grid(
    region: Region, kind: TensorType, elements: Callable[[Integers], Array], reals: Callable[[Integers], Array]
) -> Grid:
    """The grid of the results. Raises GraphError if it, or where the results change, is not known."""
    ends = np.broadcast_to(np.array([[kind.lo], [kind.hi]]), (2, kind.channels))
    if kind.hi - kind.lo < MOST_VALUES:
        every = np.broadcast_to(np.arange(kind.lo, kind.hi + 1)[:, None], (kind.hi - kind.lo + 1, kind.channels))
        return _grid_of(reals(every), _factors(region))
    if region.result in monotone(region):
        scale = _scale_of_whole(region)
        q = Grid(scale, 0, 0).integers(reals(ends))
        return Grid(scale, int(q.min()), int(q.max()))
    found = reals(np.minimum(parts(region, elements, ends), kind.hi))
    moves = np.diff(found, axis=0)
    if ((moves > 0).any(axis=0) & (moves < 0).any(axis=0)).any():
        raise RefusalError(
            f"both rises and falls with integers of {kind.bits} bits",
            remedy="put a quantizer of at most 10 bits before it",
            rewrite="quantize_before",
        )
    return _grid_of(found, _factors(region))


def _grid_of(values: Array, factors: list[float]) -> Grid:
    """The grid that has all `values`, by one of `factors`, which are likely, or by a power of two."""
    fraction, exponent = np.frexp(values.astype(np.float64))
    whole = (np.abs(fraction) * 2.0**53).astype(np.int64)
    steps = np.ldexp((whole & -whole).astype(np.float64), exponent - 53)
    power = float(np.where(values != 0, steps, np.inf).min())
    for scale in (*factors, power if np.isfinite(power) else 1.0):
        q = np.rint(values / scale)
        if np.abs(q).max() < MOST_INTEGER and ((q * scale).astype(np.float32) == values).all():
            lo, hi = int(q.min()), int(q.max())
            return Grid(scale, lo, hi, 2 if (np.abs(q) == 1).all() and lo < hi else 1)
    raise GraphError("has results that are no multiples of one number", remedy="put a quantizer behind it")


def _factors(region: Region) -> list[float]:
    """By what the nodes before the result multiply integers, from the last node back, and all of them together."""
    found, product = list[float](), 1.0
    for node, _ in _before(region, ("Add", "Cast", "Clip", "Identity", "Mul", "Sub")):
        number = _one_number(region, node) if node.op_type == "Mul" else None
        if node.op_type == "Mul" and (number is None or number <= 0):
            break
        if number is not None:
            product *= number
            found.append(product)
    return found


def _scale_of_whole(region: Region) -> float:
    """By what integers are multiplied last. Raises GraphError where the nodes before do not make integers."""
    scale, last, bounded = 1.0, region.result, False
    for node, name in _before(region, ("Cast", "Clip", "Identity", "Mul", "Relu")):
        if node.op_type == "Mul":
            number = _one_number(region, node)
            if number is None or number <= 0 or scale != 1 or bounded:
                break
            scale = number
        if node.op_type == "Clip":
            limits = np.concatenate([region.constants[n].reshape(-1) for n in node.input if n in region.constants])
            if (limits != np.rint(limits)).any():
                break
            bounded = True
        last = name
    maker = next((node for node in region.nodes if node.output[0] == last), None)
    casts = maker is not None and maker.op_type == "Cast" and cast_to(maker) in INTEGERS
    if maker is None or not (casts or maker.op_type in ("Ceil", "Floor", "Round", "Sign")):
        raise GraphError("has results whose scale is not known", remedy="multiply by it last, or use a quantizer")
    return scale


def _before(region: Region, operators: tuple[str, ...]) -> list[tuple[onnx.NodeProto, str]]:
    """Nodes of these operators that lead to the result, last first, each with its one computed input."""
    makers, found, name = {node.output[0]: node for node in region.nodes}, [], region.result
    while (node := makers.get(name)) is not None and node.op_type in operators:
        if node.op_type == "Cast" and cast_to(node) in INTEGERS:
            break
        computed = region.computed(node)
        if len(computed) != 1:
            break
        (name,) = computed
        found.append((node, name))
    return found


def _one_number(region: Region, node: onnx.NodeProto) -> float | None:
    """The constant operand, if that is the same number everywhere."""
    arrays = [region.constants[name] for name in node.input if name in region.constants]
    if len(arrays) != 1 or not arrays[0].size or (arrays[0] != arrays[0].flat[0]).any():
        return None
    return float(arrays[0].flat[0])


def _requant(region: Region, source: Activation, kind: TensorType) -> tuple[Op, ...] | None:
    """A rounding of integers times powers of two, clipped; None if the region is anything else.

    A tensor of scale 2^shift whose integers the file multiplies with another number is called that afterwards.
    """
    plain = [node for node in region.nodes if node.op_type != "Cast"]
    names = [node.op_type for node in plain]
    if names[-3:] != ["Round", "Clip", "Mul"] or set(names[:-3]) - {"Mul"} or region.result not in monotone(region):
        return None
    factors = [_constant(region, node) for node in plain[:-3]]
    factor, scale = _exact_factor(source, kind), _one_number(region, plain[-1])
    bounds = [float(region.constants[name].flat[0]) for name in plain[-2].input[1:] if name in region.constants]
    wide = kind.magnitude >= EXACT_FLOAT32 and (region.element in FLOATS or not _in_double(region))
    if factor is None or wide or not scale or scale < 0 or len(bounds) != 2:
        return None
    if not all(map(is_power_of_two, factors)):
        return None
    for array in factors:
        factor = factor * array.reshape(-1)
    steps = np.broadcast_to(np.array(kind.scale), kind.channels) / factor
    if bounds != np.rint(bounds).tolist() or max(map(abs, bounds)) >= EXACT_FLOAT32 or (steps != steps[0]).any():
        return None
    shift, (lo, hi) = -np.rint(np.log2(factor)).astype(np.int64), map(int, bounds)
    shifted = Requant(shift[:1] if (shift == shift[0]).all() else shift, lo, hi, float(steps[0]))
    return (shifted,) if steps[0] == scale else (shifted, called(lo, hi, scale))


def _exact_factor(source: Activation, kind: TensorType) -> NDArray[np.float64] | None:
    """(C,): by which powers of two the file has multiplied the integers of `source`; None if it did anything else."""
    if source.clipped or kind.step != 1 or (source.offset is not None and source.offset.any()):
        return None
    numbers = [array for step in source.steps if isinstance(step, Step) for array in step.constants.values()]
    if len(numbers) < len(source.steps) or not all(is_power_of_two(array) for array in (*numbers, kind.scale)):
        return None
    gain = np.ones(1) if source.gain is None else source.gain
    return np.broadcast_to(np.array(kind.scale) * gain, kind.channels) if is_power_of_two(gain) else None


def _in_double(region: Region) -> bool:
    """Whether its integers become float64 first, and stay so until they are rounded."""
    casts = [cast_to(node) for node in region.nodes[: [n.op_type for n in region.nodes].index("Round")]
             if node.op_type == "Cast"]  # fmt: skip
    return bool(casts) and set(casts) == {onnx.TensorProto.DOUBLE}


def _constant(region: Region, node: onnx.NodeProto) -> Array:
    return next(region.constants[name] for name in node.input if name in region.constants)
