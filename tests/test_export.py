"""The exported QONNX graph against the PyTorch network, bit for bit."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from codesign.frontend.export import INPUT_NAME, _name_after_modules, export_qonnx
from codesign.nn.detector import Heads
from codesign.nn.layers import plain
from codesign.nn.network import conv_units
from codesign.recipe import load_recipe
from tests.test_nn_codenet import images, pair

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"
SIMPLE = {
    "Quant", "Conv", "Relu", "MaxPool", "Resize", "Split", "Concat", "Reshape", "Transpose", "DeformConv", "Sub", "Mul",
    "Clip", "Equal", "GreaterOrEqual", "And", "Where",
}  # fmt: skip


FORMS = {
    "default": [],
    "pointwise-first": ["model.decoder.order=pointwise_first", "model.decoder.bound=5", "model.stem.kind=stride4"],
}


@pytest.fixture(scope="module", params=FORMS)
def exported(request):
    recipe = load_recipe(TINY, FORMS[request.param])
    _, network = pair(recipe)
    return network, export_qonnx(network, recipe)


def observe(network, image):
    seen = {}
    hooks = [
        module.register_forward_hook(lambda m, i, o, path=path: seen.update({path: plain(o)}))
        for path, module in network.named_modules()
        if path in conv_units(network) or path.endswith((".pool", ".upsample")) or path.split(".")[-1].isdigit()
    ]
    with torch.no_grad():
        outputs = network(image)
    for hook in hooks:
        hook.remove()
    return seen, outputs


@pytest.mark.parametrize(
    "exported", ["default", pytest.param("pointwise-first", marks=pytest.mark.slow)], indirect=True
)
def test_qonnx_executes_to_the_same_bits_at_every_block(exported):
    network, proto = exported
    image = images(1, seed=11)
    seen, outputs = observe(network, image)
    values = execute_onnx(ModelWrapper(proto), {INPUT_NAME: image.numpy()}, return_full_exec_context=True)
    for name, expected in outputs._asdict().items():
        assert np.array_equal(values[name], expected.numpy()), name
    compared = [path for path in seen if path in values]
    for path in compared:
        assert np.array_equal(values[path], seen[path].numpy()), path
    hidden = {"heads.size.output", "heads.offset.output"}  # these two are graph outputs, and carry those names
    assert set(conv_units(network)) - set(compared) == hidden


def test_nodes_and_parameters_are_named_after_their_modules(exported):
    network, proto = exported
    outputs = {node.output[0]: node for node in proto.graph.node}
    modules = dict(network.named_modules())
    for path, unit in conv_units(network).items():
        accumulator = outputs[f"{path}.conv"]
        assert accumulator.op_type == ("Conv" if "spatial" not in path else "DeformConv")
        weight = outputs[accumulator.input[1]]
        assert weight.name == f"{path}.conv.weight_quant"
        assert unit.conv is modules[f"{path}.conv"]
    splits = [node for node in proto.graph.node if node.op_type == "Split"]
    assert splits
    for node in splits:
        assert list(node.output) == [f"{node.input[0]}.split_{part}" for part in range(2)]
        assert node.name == f"{node.input[0]}.split"
    names = [node.name for node in proto.graph.node]
    assert len(set(names)) == len(names)


def scoped(operator, inputs, outputs, *scopes):
    """A node as PyTorch exports it: its metadata tells the modules that called it, the outermost first."""
    node = onnx.helper.make_node(operator, inputs, outputs)
    node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=repr(["", *scopes, f"node_{outputs[0]}"]))
    node.metadata_props.add(key="pkg.torch.onnx.stack_trace", value=f"{Path.cwd()}/network.py, line 3")
    return node


def test_what_brevitas_and_pytorch_call_by_number_is_called_after_its_module():
    """Brevitas' modules within the quantizer of a layer or an activation are no modules of the network."""
    unit, image = ("block", "block.conv"), ("image_quant", "image_quant.act_quant")
    nodes = [
        scoped("Quant", ["image", "s1", "z", "b"], ["v1"], *image, "image_quant.act_quant.export_handler"),
        scoped(
            "Quant", ["w", "s2", "z", "b"], ["v2"], *unit, "block.conv.weight_quant",
            "block.conv.weight_quant.export_handler",
        ),
        scoped("Conv", ["v1", "v2"], ["v3"], *unit),
        scoped("Relu", ["v3"], ["v4"], "block", "block.act"),
        scoped("Quant", ["v4", "s1", "z", "b"], ["v5"], "block", "block.act", "block.act.act_quant.export_handler"),
        scoped("Split", ["v5"], ["v6", "v7"]),
        scoped("MaxPool", ["v7"], ["v8"], "pool"),
        scoped("Concat", ["v6", "v8"], ["heat"], "join"),
    ]  # fmt: skip
    ends = [[onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)] for name in ("image", "heat")]
    constants = [onnx.numpy_helper.from_array(np.ones(1, np.float32), name) for name in ("s1", "s2", "z", "b", "w")]
    graph = onnx.helper.make_graph(nodes, "network", *ends, constants)
    _name_after_modules(graph, ["block"])
    named = {node.name: (list(node.input), list(node.output)) for node in graph.node}
    assert named == {
        "image_quant": (["image", "constant_0", "constant_2", "constant_3"], ["image_quant"]),
        "block.conv.weight_quant": (
            ["block.conv.weight", "constant_1", "constant_2", "constant_3"], ["block.conv.weight_quant"]
        ),
        "block.conv": (["image_quant", "block.conv.weight_quant"], ["block.conv"]),
        "block.relu": (["block.conv"], ["block.relu"]),
        "block": (["block.relu", "constant_0", "constant_2", "constant_3"], ["block"]),
        "block.split": (["block"], ["block.split_0", "block.split_1"]),
        "pool": (["block.split_1"], ["pool"]),
        "heat": (["block.split_0", "pool"], ["heat"]),
    }  # fmt: skip
    assert {entry.key for node in graph.node for entry in node.metadata_props} == {"pkg.torch.onnx.name_scopes"}


def test_the_graph_is_made_of_simple_standard_operators(exported):
    _, proto = exported
    assert {node.op_type for node in proto.graph.node} <= SIMPLE
    assert {item.domain: item.version for item in proto.opset_import}[""] == 19
    assert [value.name for value in proto.graph.input] == [INPUT_NAME]
    assert [value.name for value in proto.graph.output] == list(Heads._fields)
    shape = [dim.dim_value for dim in proto.graph.input[0].type.tensor_type.shape.dim]
    assert shape == [1, 3, 32, 32]


def test_the_file_tells_nothing_of_the_machine_it_was_made_on(exported):
    _, proto = exported
    assert str(Path.cwd()).encode() not in proto.SerializeToString()


def test_the_file_survives_being_written_and_read(exported, tmp_path):
    _, proto = exported
    onnx.save(proto, tmp_path / "model.onnx")
    assert onnx.load(tmp_path / "model.onnx") == proto
