"""Binary networks from PyTorch to the integer graph, and the training that makes their channels share."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from brevitas.quant_tensor import QuantTensor
from torch import nn

from codesign.emit.onnx import emit_qcdq
from codesign.emit.onnx.run import run_onnxruntime
from codesign.errors import GraphError, RecipeError
from codesign.frontend.export import export_qonnx
from codesign.frontend.qonnx import import_qonnx
from codesign.graph import Graph, Node, TensorType, execute
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.ops.conv import Conv
from codesign.hardware.folding import Folding
from codesign.nn.binary import BinaryConv2d, surrounded
from codesign.nn.network import float_network
from codesign.recipe import load_recipe
from codesign.reporting import reuse
from codesign.reuse.mst import reuse_tree
from codesign.sections import ChannelReuse
from codesign.training.channel_reuse import ReuseLoss, binary_signs
from codesign.training.untrained import untrained_network
from tests.designs import folded

TINY = Path(__file__).parent / "recipes" / "tiny-resnet.yaml"
MODELS = {
    "resnet": [],
    "vgg": ["model={kind: vgg, stages: [{channels: 5}, {channels: 6, convolutions: 1}]}"],
}


@pytest.fixture(scope="module", params=MODELS)
def exported(request):
    """A recipe of a binary network, the network with random weights, and its QONNX file."""
    recipe = load_recipe(TINY, ["quantization.binary=true", *MODELS[request.param]])
    network = untrained_network(recipe)
    return recipe, network, export_qonnx(network, recipe)


def test_a_binary_network_is_the_same_in_pytorch_graph_and_onnxruntime(exported):
    _, network, file = exported
    graph = import_qonnx(file)
    images = np.random.default_rng(0).integers(0, 256, (4, 3, 16, 16))
    (source,), (output,) = graph.inputs, graph.outputs
    integers = execute(graph, {source: images}, keep=graph.types)
    with torch.no_grad():
        scores = network.raw_heads(torch.from_numpy(images).float() / 256).scores.numpy()
    np.testing.assert_array_equal(integers[output] * graph.types[output].scale[0], scores)
    for name, values in run_onnxruntime(emit_qcdq(graph), graph, images, graph.types).items():
        np.testing.assert_array_equal(values, integers[name], err_msg=name)


def test_all_convolutions_but_the_first_are_binary(exported):
    recipe, network, file = exported
    binary = {name for name, module in network.named_modules() if isinstance(module, BinaryConv2d)}
    found = {node.name for node in import_qonnx(file).nodes if isinstance(node.op, BinaryConv)}
    assert found == binary
    blocks = {name for name, module in float_network(recipe).named_modules() if isinstance(module, nn.Conv2d)}
    assert len(blocks - binary) == 2  # the first and the last


def test_padding_with_another_value_is_refused(exported):
    _, _, file = exported
    changed = onnx.ModelProto()
    changed.CopyFrom(file)
    value = next(node for node in changed.graph.node if node.op_type == "Pad").input[2]
    (tensor,) = (tensor for tensor in changed.graph.initializer if tensor.name == value)
    tensor.CopyFrom(onnx.numpy_helper.from_array(np.float32(1), value))
    with pytest.raises(GraphError, match="pads with 1"):
        import_qonnx(changed)


def test_pixels_outside_of_a_map_count_as_minus_one():
    conv = BinaryConv2d(1, 1, 3).eval()
    with torch.no_grad():
        conv.weight.fill_(0.25)
        ones = surrounded(torch.ones(1, 1, 3, 3), 0)
        assert not isinstance(ones, QuantTensor)
        assert (conv(ones)[0, 0] * 4).tolist() == [[-1, 3, -1], [3, 9, 3], [-1, 3, -1]]


def layer(channels: int = 12, inputs: int = 4) -> BinaryConv2d:
    torch.manual_seed(0)
    return BinaryConv2d(inputs, channels, 3)


def test_the_loss_is_what_the_tree_keeps_and_moves_only_weights_that_differ():
    conv = layer()
    loss = ReuseLoss(ChannelReuse(weight=3.0, rise=0.5), conv, total_steps=100)
    tree = reuse_tree(binary_signs(conv.weight))
    assert loss(step=0, batch=0).item() == 0
    assert loss(step=25, batch=25).item() == pytest.approx(1.5 * tree.kept)
    full = loss(step=90, batch=90)
    assert full.item() == pytest.approx(3 * tree.kept)
    full.backward()
    counted = {(c, k) for c in range(12) if c != tree.root for k in tree.positions(c)}
    counted |= {(int(tree.parent[c]), k) for c, k in counted}
    moved = {(int(c), int(k)) for c, k in conv.weight.grad.flatten(1).nonzero()}
    assert moved <= counted
    assert len(moved) > 0.5 * len(counted)


@pytest.mark.parametrize("max_depth", [None, 1])
def test_the_loss_makes_channels_share_more_within_the_depth(max_depth):
    conv = layer()
    before = reuse_tree(binary_signs(conv.weight), max_depth)
    settings = ChannelReuse(weight=1.0, rise=0, interval=5, max_depth=max_depth)
    loss = ReuseLoss(settings, conv, total_steps=40)
    optimizer = torch.optim.SGD(conv.parameters(), lr=5.0)
    for step in range(40):
        optimizer.zero_grad()
        loss(step, step).backward()
        optimizer.step()
    after = reuse_tree(binary_signs(conv.weight), max_depth)
    assert after.kept < 0.7 * before.kept
    assert max_depth is None or after.depth <= max_depth


@pytest.mark.parametrize(
    ("recipe", "setting", "message"),
    [
        ("codenet-digits", "quantization.binary=true", "a codenet has no binary form"),
        ("vgg-small", "training.reuse={weight: 1}", "is for binary networks"),
        ("fashion-binary", "training.reuse={weight: 0}", "greater than or equal to"),
    ],
)
def test_recipes_that_cannot_be_binary_are_refused(recipe, setting, message):
    with pytest.raises(RecipeError, match=message):
        load_recipe(recipe, [setting])


def test_the_report_has_what_a_layer_keeps_beside_its_plain_form():
    op = BinaryConv(np.random.default_rng(1).choice([-1, 1], (8, 4, 3, 3)), pads=(1, 1, 1, 1))
    graph = Graph("one", {"x": TensorType((4, 5, 6), -1, 1, step=2)}, (Node("y", op, ("x",)),), ("y",))
    tree = reuse_tree(op.matrix)
    designs = [folded(graph, {"y": Folding(8, 2, weights=form)}) for form in ("wired", "lut")]
    wired, plain = (reuse.of_block(design.blocks[0]) for design in designs)
    assert wired.bit_operations == 8 * 36 * 30
    assert (wired.kept, wired.tree_depth, wired.wired, plain.wired) == (tree.kept, tree.depth, True, False)
    assert wired.plain_lut > plain.plain_lut > 0


def test_products_of_a_binary_layer_count_and_take_no_multiplier():
    op = BinaryConv(np.random.default_rng(1).choice([-1, 1], (8, 4, 3, 3)), pads=(1, 1, 1, 1))
    graph = Graph("one", {"x": TensorType((4, 5, 6), -1, 1, step=2)}, (Node("y", op, ("x",)),), ("y",))
    assert (graph.macs, graph.multiplications) == (8 * 36 * 30, 0)


def test_a_binary_convolution_is_a_dense_one_of_a_map_surrounded_by_minus_one():
    rng = np.random.default_rng(2)
    weight, x = rng.choice([-1, 1], (5, 3, 3, 2)), rng.choice([-1, 1], (4, 3, 6, 5))
    op = BinaryConv(weight, stride=(2, 1), pads=(1, 0, 2, 1))
    (kind,) = op.infer(TensorType((3, 6, 5), -1, 1, step=2))
    padded = np.pad(x, ((0, 0), (0, 0), (1, 2), (0, 1)), constant_values=-1)
    np.testing.assert_array_equal(op.execute(x)[0], Conv(weight, np.zeros(5), stride=(2, 1)).execute(padded)[0])
    assert (kind.shape, kind.lo, kind.hi) == ((5, 4, 5), -18, 18)


@pytest.mark.parametrize("x", [TensorType((3, 4, 4), 0, 1), TensorType((2, 4, 4), -1, 1, step=2)])
def test_a_binary_convolution_of_another_input_is_refused(x):
    with pytest.raises(GraphError):
        BinaryConv(np.ones((2, 3, 1, 1))).infer(x)


def test_weights_that_are_not_binary_are_refused():
    with pytest.raises(GraphError, match="-1 or \\+1"):
        BinaryConv(np.zeros((1, 1, 1, 1)))
