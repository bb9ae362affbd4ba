"""Readers of ONNX operators: they declare all there is, what they read is exact, the rest is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import defs, helper

from codesign.errors import GraphError
from codesign.frontend.domains import NEWEST_OPSET, OLDEST_OPSET, ONNX, QUANTIZER_DOMAIN
from codesign.frontend.load import one_file
from codesign.frontend.qonnx import import_qonnx
from codesign.frontend.reader import Reader, definition
from codesign.frontend.registry import readers
from tests.onnx_nets import QonnxNet, assert_executors_agree

Build = Callable[[QonnxNet, str], str]

RNG = np.random.default_rng(5)
W = RNG.integers(-3, 4, (3, 2, 3, 3))
DENSE = RNG.integers(-3, 4, (32, 5))
CLASSES = RNG.integers(-3, 4, (2, 5))


def model(build: Build, opset: int = 19) -> onnx.ModelProto:
    """Two maps of 4 x 4, `build`, and a quantizer."""
    net = QonnxNet(1, 2, 4, 4)
    made = net.model(net.quant(build(net, net.quant("image")), 1.0, 8, signed=1))
    made.opset_import[0].version = opset
    return made


def ints(net: QonnxNet, *values: int) -> str:
    return net.const(list(values), np.int64)


# Declarations

SCHEMAS = [schema for schema in defs.get_all_schemas_with_history() if schema.domain == ONNX]


def onnx_readers() -> Iterator[tuple[str, tuple[Reader, ...]]]:
    return ((operator, found) for (domain, operator), found in readers().items() if found[0].domains[0] == ONNX)


@pytest.mark.parametrize(
    ("operator", "found"), onnx_readers(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_version_attribute_and_input_of_an_operator_is_declared(operator: str, found: tuple[Reader, ...]) -> None:
    known = {schema.since_version: schema for schema in SCHEMAS if schema.name == operator}
    in_force = {max((v for v in known if v <= opset), default=0) for opset in range(OLDEST_OPSET, NEWEST_OPSET + 1)}
    expected = {version for version in in_force if version and not known[version].deprecated}
    assert sorted(version for reader in found for version in reader.versions) == sorted(expected)
    for reader in found:
        schemas = [known[version] for version in reader.versions]
        assert set(reader.attributes) == {name for schema in schemas for name in schema.attributes}
        for schema in schemas:
            assert reader.inputs.stop - 1 <= schema.max_input
        assert reader.inputs.start >= min(schema.min_input for schema in schemas)
        outputs = max(schema.max_output for schema in schemas)
        assert reader.outputs is None or reader.outputs + reader.spare_outputs <= outputs


@pytest.mark.parametrize("operator", sorted(op for domain, op in readers() if domain == QUANTIZER_DOMAIN))
def test_every_attribute_of_a_quantizer_of_qonnx_is_declared(operator: str) -> None:
    known = definition(operator, QUANTIZER_DOMAIN, 1)
    (reader,) = readers()[QUANTIZER_DOMAIN, operator]
    assert known is not None
    assert set(reader.attributes) == set(known.defaults)


# What is read is what the executors compute

AFFINE = ([1.0, -2.0, 3.0], [0.0, 0.25, 1.0], [0.0, 1.0, 2.0], [1.0, 2.0, 0.5])


def normalized(net: QonnxNet, x: str) -> str:
    return net.op("BatchNormalization", net.conv(x, W), *(net.const(values) for values in AFFINE), momentum=0.5)


def resized(coordinates: str, rounding: str, *inputs: Callable[[QonnxNet], str], **options: object) -> Build:
    modes = {"coordinate_transformation_mode": coordinates, "nearest_mode": rounding, "mode": "nearest"}
    return lambda net, x: net.op("Resize", x, "", *(make(net) for make in inputs), **modes, **options)


def twice(net: QonnxNet) -> str:
    return net.const([1, 1, 2, 2])


def slices(net: QonnxNet, x: str, opset: int) -> str:
    if opset < 10:
        parts = [net.op("Slice", x, starts=[start], ends=[start + 1], axes=[1]) for start in (0, 1)]
    else:
        parts = [net.op("Slice", x, *(ints(net, v) for v in (start, start + 1, 1))) for start in (0, 1)]
    return net.op("Concat", parts[1], parts[0], axis=1)


def split(net: QonnxNet, x: str, *inputs: str, **options: object) -> str:
    a, b = net.op("Split", x, *inputs, axis=1, outputs=2, **options)
    return net.op("Concat", b, a, axis=1)


READ: dict[str, tuple[Build, tuple[int, ...]]] = {
    "Clip with attributes": (lambda n, x: n.op("Clip", n.conv(x, W), min=-3.0, max=7.0), (7, 10)),
    "Clip with inputs": (lambda n, x: n.op("Clip", n.conv(x, W), n.const(-3.0), n.const(7.0)), (11, 13, NEWEST_OPSET)),
    "Clip with a maximum alone": (lambda n, x: n.op("Clip", n.conv(x, W), "", n.const(7.0)), (13,)),
    "Clip with an endless minimum": (lambda n, x: n.op("Clip", n.conv(x, W), n.const(-np.inf), n.const(7.0)), (13,)),
    "Clip whose minimum is above": (lambda n, x: n.op("Clip", n.conv(x, W), n.const(9.0), n.const(7.0)), (13,)),
    "BatchNormalization": (normalized, (7, 9, 14, NEWEST_OPSET)),
    "Dropout with a mask nobody reads": (lambda n, x: n.op("Dropout", n.conv(x, W), outputs=2)[0], (7, 10, 13)),
    "Dropout outside training": (
        lambda n, x: n.op("Dropout", n.conv(x, W), n.const(0.5), n.const(False, bool)),
        (12, NEWEST_OPSET),
    ),
    "MaxPool with indices nobody reads": (
        lambda n, x: n.op("MaxPool", x, kernel_shape=[2, 2], storage_order=1, outputs=2)[0],
        (8, 12, NEWEST_OPSET),
    ),
    "MaxPool with ceil_mode": (
        lambda n, x: n.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        (10,),
    ),
    **{
        f"{pad}": (
            lambda n, x, pad=pad: n.conv(
                n.op("MaxPool", x, kernel_shape=[2, 2], auto_pad=pad), W, strides=[2, 2], auto_pad=pad
            ),
            (7, NEWEST_OPSET),
        )
        for pad in ("SAME_UPPER", "SAME_LOWER", "VALID")
    },
    "Upsample with attributes": (lambda n, x: n.op("Upsample", x, scales=[1.0, 1.0, 2.0, 2.0]), (7,)),
    "Upsample with inputs": (lambda n, x: n.op("Upsample", x, twice(n)), (9,)),
    "the first Resize": (lambda n, x: n.op("Resize", x, twice(n)), (10,)),
    "Resize to sizes": (
        resized("asymmetric", "floor", lambda n: "", lambda n: ints(n, 1, 2, 12, 12)),
        (13, NEWEST_OPSET),
    ),
    "Resize of two axes": (resized("half_pixel", "round_prefer_ceil", lambda n: n.const([2, 2]), axes=[-1, 2]), (18,)),
    "Pad with attributes": (lambda n, x: n.conv(n.op("Pad", x, pads=[0, 0, 1, 1, 0, 0, 1, 0]), W), (7,)),
    "Pad with inputs": (lambda n, x: n.conv(n.op("Pad", x, ints(n, 0, 0, 1, 1, 0, 0, 1, 0)), W), (11, NEWEST_OPSET)),
    "Pad of two axes": (lambda n, x: n.conv(n.op("Pad", x, ints(n, 1, 1, 1, 0), "", ints(n, 2, -1)), W), (18,)),
    "ReduceMean with attributes": (lambda n, x: n.op("ReduceMean", x, axes=[2, -1]), (7, 11)),
    "ReduceMean with inputs": (lambda n, x: n.op("ReduceMean", x, ints(n, 3, 2)), (18, NEWEST_OPSET)),
    "ReduceSum with attributes": (lambda n, x: n.op("ReduceSum", x, axes=[2, 3]), (7,)),
    "ReduceSum with inputs": (lambda n, x: n.op("ReduceSum", x, ints(n, 2, 3)), (13,)),
    "an average of the whole map": (
        lambda n, x: n.op("AveragePool", x, kernel_shape=[4, 4], strides=[3, 3], auto_pad="VALID"),
        (7, NEWEST_OPSET),
    ),
    "an average at a border, which auto_pad adds": (
        lambda n, x: n.op("AveragePool", x, kernel_shape=[3, 3], auto_pad="SAME_UPPER"),
        (7, 11, 19, NEWEST_OPSET),
    ),
    "Split with attributes": (lambda n, x: split(n, x, split=[1, 1]), (7, 11)),
    "Split with inputs": (lambda n, x: split(n, x, ints(n, 1, 1)), (13,)),
    "Split into a number": (lambda n, x: split(n, x, num_outputs=2), (18, NEWEST_OPSET)),
    "Slice with attributes": (lambda n, x: slices(n, x, 9), (7,)),
    "Slice with inputs": (lambda n, x: slices(n, x, 10), (10, 11, NEWEST_OPSET)),
    "Gemm with a bias": (
        lambda n, x: n.op("Gemm", n.op("Flatten", x, axis=1), n.weight(DENSE.T), n.const(np.arange(5)), transB=1),
        (7, 9, NEWEST_OPSET),
    ),
    "Gemm without one": (lambda n, x: n.op("Gemm", n.op("Flatten", x), n.weight(DENSE)), (11,)),
    "Squeeze with attributes": (
        lambda n, x: n.op("MatMul", n.op("Squeeze", n.op("GlobalAveragePool", x), axes=[2, 3]), n.weight(CLASSES)),
        (7, 11),
    ),
    "Squeeze with inputs": (
        lambda n, x: n.op("MatMul", n.op("Squeeze", n.op("GlobalAveragePool", x), ints(n, 2, 3)), n.weight(CLASSES)),
        (13, NEWEST_OPSET),
    ),
    "weights in another shape": (
        lambda n, x: n.op("Conv", x, n.op("Reshape", n.weight(W.reshape(3, 18), 0.5), ints(n, 3, 2, 3, 3))),
        (13,),
    ),
    "a layer of constants": (
        lambda n, x: n.op("Add", n.conv(x, W), n.conv(n.quant(n.const(np.ones((1, 2, 3, 3)))), W)),
        (13,),
    ),
}


@pytest.mark.parametrize(("name", "opset"), [(name, opset) for name, (_, opsets) in READ.items() for opset in opsets])
def test_what_is_read_is_what_the_executors_compute(name: str, opset: int) -> None:
    assert_executors_agree(model(READ[name][0], opset))


SAME = {
    ("asymmetric", "floor"),
    *product(("half_pixel", "pytorch_half_pixel"), ("round_prefer_floor", "round_prefer_ceil")),
}


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize(
    "modes",
    list(
        product(
            ("asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners", "half_pixel_symmetric"),
            ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"),
        )
    ),
    ids="-".join,
)
def test_a_resize_is_replication_or_refused(modes: tuple[str, str], factor: int) -> None:
    made = model(resized(*modes, lambda n: n.const([1, 1, factor, factor])))
    if modes in SAME:
        assert_executors_agree(made)
    else:
        with pytest.raises(GraphError, match=r"node resize_1: (nearest_mode|coordinate_transformation_mode) = "):
            import_qonnx(made)


# The rest is refused, by name

REFUSED: dict[str, tuple[Build, int, str]] = {
    "channels last": (
        lambda n, x: n.op("MaxPool", x, kernel_shape=[2, 2], domain="qonnx.custom_op.channels_last"),
        13,
        "'MaxPool' of the domain 'qonnx.custom_op.channels_last' .*channels come last",
    ),
    "contrib": (lambda n, x: n.op("QuickGelu", x, domain="com.microsoft"), 13, "com.microsoft.*ONNX Runtime's own"),
    "stranger": (lambda n, x: n.op("Relu", x, domain="my.ops"), 13, "'my.ops' .unknown to ONNX and QONNX"),
    "Upsample": (lambda n, x: n.op("Upsample", x, twice(n)), 10, "Upsample is deprecated"),
    "Dropout in training": (
        lambda n, x: n.op("Dropout", n.conv(x, W), n.const(0.5), n.const(True, bool)),
        13,
        "training_mode = True of Dropout",
    ),
    "the mask of a Dropout": (
        lambda n, x: n.op("Where", (two := n.op("Dropout", x, outputs=2))[1], two[0], n.const(0.0)),
        13,
        "output 'dropout_1_1' of Dropout",
    ),
    "indices": (
        lambda n, x: n.op("Cast", n.op("MaxPool", x, kernel_shape=[2, 2], outputs=2)[1], to=1),
        13,
        "output 'maxpool_1_1' of MaxPool",
    ),
    "batch norm in training": (
        lambda n, x: n.op("BatchNormalization", x, *(n.const(v[:2]) for v in AFFINE), training_mode=1),
        15,
        "training_mode = 1 of BatchNormalization",
    ),
    "batch norm in training, opset 9": (
        lambda n, x: n.op("BatchNormalization", x, *(n.const(v[:2]) for v in AFFINE), outputs=5)[0],
        9,
        "output 'batchnormalization_1_1' of BatchNormalization",
    ),
    "batch norm by pixel": (
        lambda n, x: n.op("BatchNormalization", x, *(n.const(v[:2]) for v in AFFINE), spatial=0),
        7,
        "spatial = 0 of BatchNormalization",
    ),
    "a negative variance": (
        lambda n, x: n.op("BatchNormalization", x, *(n.const(v) for v in ([1, 1], [0, 0], [0, 0], [1, -1]))),
        9,
        "the variance '.*' is negative",
    ),
    "bounds inside out": (lambda n, x: n.op("Clip", x, min=9.0, max=7.0), 7, "min = 9 of Clip is above its max = 7"),
    "a scale that only looks whole": (
        resized("asymmetric", "floor", lambda n: n.const([1, 1, 2.2, 2.2])),
        13,
        "is not by one integer factor",
    ),
    "aspect ratio": (
        resized(
            "asymmetric",
            "floor",
            lambda n: "",
            lambda n: ints(n, 8, 8),
            axes=[2, 3],
            keep_aspect_ratio_policy="not_larger",
        ),
        18,
        "keep_aspect_ratio_policy = not_larger of Resize",
    ),
    "antialias": (resized("asymmetric", "floor", twice, antialias=1), 18, "antialias = 1 of Resize"),
    "reflection": (
        lambda n, x: n.conv(n.op("Pad", x, ints(n, 0, 0, 1, 1, 0, 0, 1, 1), mode="reflect"), W),
        11,
        "mode = reflect of Pad",
    ),
    "alpha": (
        lambda n, x: n.op("Gemm", n.op("Flatten", x), n.weight(DENSE), alpha=2.0),
        13,
        "alpha = 2.0 of Gemm",
    ),
    "another kernel": (lambda n, x: n.conv(x, W, kernel_shape=[2, 2]), 13, r"kernel_shape \[2, 2\] is not"),
    "unknown attribute": (lambda n, x: n.conv(x, W, activation="relu"), 13, "Unrecognized attribute: activation"),
    "attribute of another type": (lambda n, x: n.conv(x, W, group="two"), 13, "Mismatched attribute type in .*group"),
    "attribute of a quantizer": (lambda n, x: n.quant(n.conv(x, W), zero_point=0), 13, "'zero_point' of Quant"),
    "signed": (lambda n, x: n.quant(n.conv(x, W), signed=2), 13, "signed = 2 of Quant"),
    "half a quantizer": (
        lambda n, x: n.op("Quant", x, *(n.const(v) for v in (1, 0, 8)), domain=QUANTIZER_DOMAIN),
        13,
        "Quant has no attribute 'narrow'",
    ),
    "NaN in weights": (lambda n, x: n.conv(x, W * np.nan), 13, "'constant_3' holds NaN"),
    "infinity in a bias": (lambda n, x: n.conv(x, W, bias=[0, np.inf, 0]), 13, "holds an infinite number"),
    "NaN in a scale": (lambda n, x: n.quant(n.conv(x, W), np.nan), 13, "holds NaN"),
    "NaN in a batch norm": (
        lambda n, x: n.op("BatchNormalization", x, *(n.const(v) for v in ([1, 1], [0, 0], [0, np.nan], [1, 1]))),
        13,
        "holds NaN",
    ),
    "NaN in thresholds": (lambda n, x: n.multi_threshold(n.conv(x, W), [[1.0, np.nan]]), 13, "holds NaN"),
    "NaN in an attribute": (
        lambda n, x: n.multi_threshold(n.conv(x, W), [[1.0]], out_scale=float("nan")),
        13,
        "'out_scale' is not a finite number",
    ),
    "half precision": (lambda n, x: n.op("Add", n.conv(x, W), n.const(1.0, np.float16)), 13, "holds float16 numbers"),
    "double precision": (
        lambda n, x: n.op("Conv", x, n.weight(W), n.const([1, 2, 3], np.float64)),
        13,
        "holds float64",
    ),
    "whole weights": (
        lambda n, x: n.op("Conv", x, n.quant(n.const(W, np.int64), 1.0, 8, signed=1)),
        13,
        "'constant_3' holds int64 numbers",
    ),
    "large products": (
        lambda n, x: n.op("Add", x, n.op("MatMul", *(n.op("ConstantOfShape", ints(n, 3000, 3000)) for _ in "ab"))),
        13,
        "MatMul of constants is too large",
    ),
    "a long range": (
        lambda n, x: n.op("Add", x, n.op("Range", *(n.const(v) for v in (0.0, 1e12, 1.0)))),
        13,
        "Range of constants is too large",
    ),
    "a wide expansion": (
        lambda n, x: n.op("Add", x, n.op("Expand", n.const(0.0), ints(n, 1 << 20, 1 << 20))),
        13,
        "Expand of constants is too large",
    ),
    "a wide border": (
        lambda n, x: n.op("Add", x, n.op("Pad", n.const([0.0]), ints(n, 1 << 30, 1 << 30))),
        13,
        "Pad of constants is too large",
    ),
    "chance": (lambda n, x: n.op("Add", x, n.op("RandomNormal", shape=[1])), 13, "'RandomNormal' is not supported"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_by_name(name: str) -> None:
    build, opset, message = REFUSED[name]
    with pytest.raises(GraphError, match=message) as caught:
        import_qonnx(model(build, opset))
    assert caught.value.where.startswith("node ")


@pytest.mark.parametrize("domain", ["onnx.brevitas", "finn.custom_op.general", ""])
def test_quantizers_of_older_exporters_are_the_same(domain: str) -> None:
    made = model(lambda n, x: n.conv(x, W))
    expected = import_qonnx(made)
    for node in made.graph.node:
        if node.op_type == "Quant":
            node.domain = domain
    del made.opset_import[1:]
    found = import_qonnx(made)
    assert [node.name for node in found.nodes] == [node.name for node in expected.nodes]
    assert found.types == expected.types


# Files


def _with(change: Callable[[onnx.ModelProto], object]) -> onnx.ModelProto:
    made = model(lambda n, x: n.conv(x, W))
    change(made)
    return made


def _again(field: str) -> Callable[[onnx.ModelProto], object]:
    return lambda made: getattr(made.graph, field).add().CopyFrom(getattr(made.graph, field)[0])


def _other_input(made: onnx.ModelProto) -> None:
    _again("input")(made)
    made.graph.input[1].name = "other"


def _function(made: onnx.ModelProto) -> None:
    body = [helper.make_node("Neg", ["x"], ["y"])]
    made.functions.append(helper.make_function("", "Conv", ["x", "w"], ["y"], body, [helper.make_opsetid("", 19)]))


def _branch(made: onnx.ModelProto) -> None:
    graph = helper.make_graph([], "branch", [], [])
    made.graph.node.append(helper.make_node("If", ["image"], ["branch"], then_branch=graph, else_branch=graph))


MALFORMED: dict[str, tuple[Callable[[onnx.ModelProto], object], str]] = {
    "no IR version": (lambda m: m.ClearField("ir_version"), "IR version 0 is not one of"),
    "IR version of the future": (lambda m: setattr(m, "ir_version", 1 << 40), "IR version 1099511627776 is not"),
    "no opset": (lambda m: m.ClearField("opset_import"), "does not say its opset"),
    "two opsets": (lambda m: m.opset_import.add(domain="ai.onnx", version=7), "says two opsets"),
    "opset of the past": (lambda m: setattr(m.opset_import[0], "version", 6), "opset 6 is not one of 7 to"),
    "opset of the future": (lambda m: setattr(m.opset_import[0], "version", 999), "opset 999 is not one of 7 to"),
    "two inputs": (_other_input, "has 2 inputs .'image', 'other'"),
    "an input twice": (_again("input"), "has 2 inputs"),
    "an output twice": (_again("output"), "is listed twice among the outputs"),
    "a constant twice": (_again("initializer"), "is listed twice among the constants"),
    "an output from nowhere": (lambda m: setattr(m.graph.output[0], "name", "nowhere"), "nothing computes.*'nowhere'"),
    "a half input": (lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 10), "is float16"),
    "an input that is a list": (lambda m: m.graph.input[0].type.sequence_type.SetInParent(), "is no tensor"),
    "sparse weights": (lambda m: m.graph.sparse_initializer.add(), "has sparse weights"),
    "a function": (_function, "'Conv' is a function of the file"),
    "a graph in a node": (_branch, "If runs a graph of its own"),
    "a node without output": (lambda m: m.graph.node[0].ClearField("output"), "has no output"),
    "weights of a negative size": (
        lambda m: m.graph.initializer[0].dims.__setitem__(slice(None), [-1, -4]), "has a negative size"
    ),
    "an attribute twice": (
        lambda m: [n.attribute.add().CopyFrom(n.attribute[0]) for n in m.graph.node if n.op_type == "Quant"],
        "has the attribute '.*' twice",
    ),
    "an output of another shape": (
        lambda m: m.graph.output[0].type.CopyFrom(helper.make_tensor_type_proto(1, [1, 3, 9, 9])),
        r"has the shape \(1, 3, 2, 2\), not \(1, 3, 9, 9\)",
    ),
    "one tensor as two outputs": (
        lambda m: (m.graph.node.add(op_type="Identity", input=[m.graph.output[0].name], output=["same"]),
                   m.graph.output.add(name="same")),
        "are the same tensor",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_a_file_that_contradicts_itself_is_refused(name: str) -> None:
    change, message = MALFORMED[name]
    with pytest.raises(GraphError, match=message):
        import_qonnx(_with(change))


def _claims(made: onnx.ModelProto) -> None:
    made.graph.value_info.append(made.graph.output[0])
    made.graph.value_info.append(helper.make_tensor_value_info("conv_2", 1, [1, 99, 7, 7]))
    made.metadata_props.add(key="exec_mode", value="rtlsim")
    annotation = made.graph.quantization_annotation.add(tensor_name="conv_2")
    annotation.quant_parameter_tensor_names.add(key="finn_datatype", value="NONSENSE")
    for node, text in zip(made.graph.node, ("[", "[1, 2]", "'a'", "[" * 9999), strict=False):
        node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=text)
    made.opset_import.add(domain="", version=19)
    first, *rest = list(made.opset_import)
    del made.opset_import[:]
    made.opset_import.extend([*rest, first])


def test_what_a_file_claims_about_its_tensors_changes_nothing() -> None:
    graph = assert_executors_agree(_with(_claims))
    assert graph.types[graph.outputs[0]].shape == (3, 2, 2)


def test_a_build_holds_one_whole_file_whatever_lay_beside_it(tmp_path: Path) -> None:
    made = model(lambda n, x: n.conv(x, W))
    onnx.save(made, tmp_path / "net.onnx", save_as_external_data=True, location="net.data", size_threshold=0)
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "net.onnx").write_bytes(one_file(tmp_path / "net.onnx"))
    expected = import_qonnx(model(lambda n, x: n.conv(x, W)))
    assert import_qonnx(tmp_path / "alone" / "net.onnx").types == expected.types


def test_weights_behind_a_link_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    made = model(lambda n, x: n.conv(x, W))
    onnx.save(made, folder / "net.onnx", save_as_external_data=True, location="net.data", size_threshold=0)
    (folder / "net.data").rename(tmp_path / "net.data")
    (folder / "net.data").symlink_to(tmp_path / "net.data")
    with pytest.raises(GraphError, match=r"is stored in 'net\.data', which is no file in its folder"):
        import_qonnx(folder / "net.onnx")


def test_files_of_opset_7_are_read_and_older_ones_refused() -> None:
    assert OLDEST_OPSET == 7
    net = QonnxNet(1, 1, 2, 2)
    model = net.model(net.quant("image", 1.0, 4, signed=1))
    (own,) = (entry for entry in model.opset_import if entry.domain == ONNX)
    own.version = 6
    with pytest.raises(GraphError, match="opset 6"):
        import_qonnx(model)


def test_a_reshape_that_is_not_read_is_told_by_both_shapes() -> None:
    net = QonnxNet(1, 4, 2, 2)
    x = net.quant("image", 1.0, 4, signed=1)
    shape = net.const([1, 2, 4, 2], np.int64)
    with pytest.raises(GraphError, match=r"reshaping \(1, 4, 2, 2\) to \(1, 2, 4, 2\)"):
        import_qonnx(net.model(net.op("Reshape", x, shape)))
