"""A quantized PyTorch network to QONNX.

Names carry over. The tensor `P` is the output of the PyTorch module at path `P`, and `P.conv` the accumulator of the
convolution inside the block `P` (a `ConvUnit`); its parameters are `P.conv.weight` and `P.conv.bias`. Graph inputs and
outputs have names of their own. Deformable convolutions become ONNX `DeformConv` with integer offsets.
"""

import ast
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import onnx
import torch
from brevitas.export import export_qonnx as brevitas_export
from onnxscript import opset19 as op

from codesign.nn.network import Network, conv_units
from codesign.recipe import Recipe
from codesign.tasks import task_of

OPSET = 19
"""The first ONNX opset with `DeformConv`."""

INPUT_NAME = "image"


def export_qonnx(model: Network, recipe: Recipe) -> onnx.ModelProto:
    """Export a trained, quantized network.

    Args:
        model: from `quantized_network` or `load_run`, finished for its recipe.
        recipe: the recipe that it was built from.

    Returns:
        QONNX at opset 19 with float32 input `image` (1, 3, H, W), bytes / 256, and the float32 outputs of the
        recipe's task. The batch size is 1.
    """
    with _quiet():
        proto: onnx.ModelProto = brevitas_export(
            model,
            args=torch.zeros(1, 3, *recipe.data.size),
            dynamo=True,
            opset_version=OPSET,
            optimize=True,
            verbose=False,
            input_names=[INPUT_NAME],
            output_names=list(task_of(recipe).HEADS),
            custom_translation_table={torch.ops.codesign.deform_conv.default: _deform_conv},
            export_path=None,
        )
    _name_after_modules(proto.graph, conv_units(model))
    proto.graph.name = recipe.name
    return proto


def _deform_conv(x: Any, weight: Any, offset: Any, bias: Any, groups: int) -> Any:
    return op.DeformConv(
        x, weight, offset, bias, group=groups, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1], dilations=[1, 1]
    )


def _name_after_modules(graph: onnx.GraphProto, units: Iterable[str]) -> None:
    """Rename nodes and tensors after the modules that made them, in place."""
    owners = _owners(graph, set(units))
    last_of_owner = {owner: index for index, owner in enumerate(owners)}
    kept = {value.name for value in (*graph.input, *graph.output)}
    names: dict[str, str] = {}
    taken: Counter[str] = Counter()

    for index, (node, owner) in enumerate(zip(graph.node, owners, strict=True)):
        if node.op_type == "Split":
            bases = [f"{names[node.input[0]]}.split_{i}" for i in range(len(node.output))]
        elif last_of_owner[owner] == index and node.op_type not in _ACCUMULATORS:
            bases = [owner]
        else:
            bases = [f"{owner}.{_ACCUMULATORS.get(node.op_type, node.op_type.lower())}"]
        for old, base in zip(node.output, bases, strict=True):
            count, taken[base] = taken[base], taken[base] + 1
            names[old] = old if old in kept else (f"{base}_{count}" if count else base)

    names |= _initializer_names(graph, owners)
    _rename(graph, names)
    for node in graph.node:
        node.name = node.output[0] if node.op_type != "Split" else node.output[0].removesuffix("_0")
        scopes = [entry for entry in node.metadata_props if entry.key == _SCOPES]
        del node.metadata_props[:]  # stack traces, with paths of this machine
        node.metadata_props.extend(scopes)


_SCOPES = "pkg.torch.onnx.name_scopes"
_QUANTIZERS = ("Quant", "BipolarQuant")
_ACCUMULATORS = {"Conv": "conv", "ConvTranspose": "conv", "DeformConv": "conv"}


def _owners(graph: onnx.GraphProto, units: set[str]) -> list[str]:
    """For each node, the path of the block that it belongs to, or of its parameter's quantizer."""
    owner_of: dict[str, str] = {}
    quantized: set[str] = set()
    owners = []
    for node in graph.node:
        path = _scope(node)
        if path.endswith((".weight_quant", ".bias_quant")):
            owner = path
        elif node.op_type == "Split":
            owner = owner_of[node.input[0]] + ".split"
        elif node.op_type in ("Relu", *_QUANTIZERS) and node.input[0] in owner_of and node.input[0] not in quantized:
            # A quantizer may be shared: it belongs to the block whose output it makes.
            owner = owner_of[node.input[0]]
        else:
            owner = next((unit for unit in units if path == unit or path.startswith(f"{unit}.")), path)
        owners.append(owner)
        owner_of.update(dict.fromkeys(node.output, owner))
        quantized.update(node.output if node.op_type in _QUANTIZERS else ())
    return owners


def _scope(node: onnx.NodeProto) -> str:
    """Path of the PyTorch module that called the operator, without Brevitas' inner modules."""
    scopes: list[str] = next((ast.literal_eval(p.value) for p in node.metadata_props if p.key == _SCOPES), [])
    path = scopes[-2] if len(scopes) > 1 else ""
    for inner in (".act_quant", ".export_handler"):
        path = path.partition(inner)[0]
    return path


def _initializer_names(graph: onnx.GraphProto, owners: list[str]) -> dict[str, str]:
    """Weights and biases by their module's path, other constants by number."""
    names: dict[str, str] = {}
    for node, owner in zip(graph.node, owners, strict=True):
        if owner.endswith((".weight_quant", ".bias_quant")):
            names.setdefault(node.input[0], owner.removesuffix("_quant"))
    constants = [tensor.name for tensor in graph.initializer if tensor.name not in names]
    return names | {name: f"constant_{number}" for number, name in enumerate(constants)}


def _rename(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*graph.initializer, *graph.value_info):
        value.name = names.get(value.name, value.name)


@contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
