"""Files made to do harm, each given to the command that would read it: one clear line and status 2, soon.

    python benchmarks/hostile.py [WORD ...]

Recipes, Pascal VOC folders with pictures, ONNX files, checkpoints; and good ones that were damaged at random, which may
also do what they did before. Each runs in a process of its own, of at most MEMORY
bytes more than the libraries take and SECONDS seconds. It counts as a crash if it ends otherwise, says more than one
error, runs what the file holds, or leaves a file where there was none. With words, only files whose names contain one
are tried. Exit status 1 after a crash. Keeps its figures in benchmarks/trust.json.
"""

from __future__ import annotations

import os
import pickle
import resource
import struct
import sys
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import onnx
import torch
import yaml
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import codesign.training
from codesign.api import export
from codesign.cli.main import status
from codesign.recipe import load_recipe
from codesign.training.untrained import save_untrained

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ROOT / "tests" / "recipes" / "tiny.yaml"
MEMORY = 2 << 30
SECONDS = 60
FORK = get_context("fork")  # the libraries are loaded once
LOADED = (codesign.training, export)

HOSTILE: dict[str, Callable[[Path], list[str]]] = {}
"""By name: makes its files in a folder, and returns the command that reads them."""


def hostile(name: str) -> Callable[[Callable[[Path], list[str]]], Callable[[Path], list[str]]]:
    def add(make: Callable[[Path], list[str]]) -> Callable[[Path], list[str]]:
        HOSTILE[name] = make
        return make

    return add


# Recipes


def _recipes() -> dict[str, bytes]:
    good = RECIPE.read_text()
    laughs = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha]\n"
    laughs += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]\n" for i in range(1, 24))
    return {
        "of nothing": b"",
        "that is no text": bytes(range(256)) * 64,
        "of zeros": bytes(1 << 20),
        "nested 100,000 deep": b"[" * 100_000,
        "nested 5,000 deep": b"a: " + b"[" * 5_000 + b"]" * 5_000,
        "of a billion laughs": laughs.encode(),
        "of a billion laughs in a key": (laughs + good.replace("name: tiny", "name: *a23")).encode(),
        "that contains itself": b"&a [*a]",
        "that is its own mapping": b"&a\nname: *a\n",
        "with a Python object": b"!!python/object/apply:os.system ['touch escaped']",
        "with a Python object in a key": good.replace("seed: 3", "seed: !!python/name:os.system").encode(),
        "with a merge of itself": b"a: &a {<<: *a}\n",
        "with huge sizes": good.replace("image_size: 32", "image_size: 10000000000").encode(),
        "with an integer of a million digits": good.replace("seed: 3", f"seed: {'9' * 1_000_000}").encode(),
        "with a negative size": good.replace("channels: 4", "channels: -4").encode(),
        "with not a number": good.replace("1.0e-3", ".nan").encode(),
        "with two documents": good.encode() + b"\n---\n" + good.encode(),
    }


for _name, _content in _recipes().items():

    @hostile(f"recipe {_name}")
    def _recipe(folder: Path, content: bytes = _content) -> list[str]:
        (folder / "recipe.yaml").write_bytes(content)
        return ["train", str(folder / "recipe.yaml"), "--out", str(folder / "out")]


# Pascal VOC folders


def voc(folder: Path, xml: str | bytes, listed: str = "a", picture: bytes | None = None) -> list[str]:
    """A folder of one image, and the command that trains on it."""
    for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (folder / "voc" / name).mkdir(parents=True)
    (folder / "voc" / "Annotations" / "a.xml").write_bytes(xml.encode() if isinstance(xml, str) else xml)
    place = folder / "voc" / "JPEGImages" / "a.png"
    if picture is None:
        Image.new("RGB", (32, 32)).save(place)
    else:
        place.write_bytes(picture)
    for split in ("trainval", "test"):
        (folder / "voc" / "ImageSets" / "Main" / f"{split}.txt").write_text(f"{listed}\n" * 8)
    recipe = yaml.safe_load(RECIPE.read_text())
    recipe["data"] = {"set": "voc", "path": str(folder / "voc"), "image_size": 32}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return ["train", str(folder / "recipe.yaml"), "--out", str(folder / "out")]


def annotation(objects: str = "", filename: str = "a.png", prolog: str = "") -> str:
    return f"{prolog}<annotation><filename>{filename}</filename>{objects}</annotation>"


def box(values: str = "1 1 9 9", name: str = "0") -> str:
    ends = "".join(f"<{k}>{v}</{k}>" for k, v in zip(("xmin", "ymin", "xmax", "ymax"), values.split(), strict=True))
    return f"<object><name>{name}</name><bndbox>{ends}</bndbox></object>"


def _annotations() -> dict[str, str | bytes]:
    laughs = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    return {
        "of nothing": b"",
        "that is no text": bytes(range(256)) * 64,
        "of a billion laughs": annotation(filename="&l11;", prolog=f"<!DOCTYPE a [{laughs}]>"),
        "of quadratic size": annotation("&b;" * 10_000, prolog=f'<!DOCTYPE a [<!ENTITY b "{"c" * 100_000}">]>'),
        "with an entity of a file": annotation("&f;", prolog='<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>'),
        "with an entity of the net": annotation(
            "&f;", prolog='<!DOCTYPE a [<!ENTITY f SYSTEM "http://localhost:9/">]>'
        ),
        "nested 100,000 deep": "<a>" * 100_000,
        "that ends early": annotation(box())[:-20],
        "with a box of words": annotation(box("a b c d")),
        "with a box of no numbers": annotation(box("nan nan nan nan")),
        "with an endless box": annotation(box("1 1 inf inf")),
        "with a box outside": annotation(box("1 1 1e30 9")),
        "with a box inside out": annotation(box("9 9 1 1")),
        "of an unknown class": annotation(box(name="x" * 1_000_000)),
    }


for _name, _content in _annotations().items():

    @hostile(f"annotation {_name}")
    def _annotation(folder: Path, content: str | bytes = _content) -> list[str]:
        return voc(folder, content)


for _name in ("../../secret", "/etc/passwd", "\x00", "a" * 5000):

    @hostile(f"list with the name {_name[:12]!r}")
    def _listed(folder: Path, name: str = _name) -> list[str]:
        command = voc(folder, annotation(box()), listed=name)
        (folder / "secret.xml").write_text(annotation())
        return command


def png(width: int, height: int, data: bytes, *more: tuple[bytes, bytes]) -> bytes:
    """A picture of one bit a pixel whose header may lie."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), *more, (b"IDAT", data), (b"IEND", b"")]
    packed = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def _pictures() -> dict[str, bytes]:
    bomb = zlib.compress(bytes(1 << 28), 9)
    text = (b"zTXt", b"key\0\0" + bomb)
    return {
        "of nothing": b"",
        "of 2^31 pixels a side": png(0x7FFFFFFF, 0x7FFFFFFF, zlib.compress(b"")),
        "of 170 million pixels": png(13_000, 13_000, bomb),
        "of 100 million pixels": png(10_000, 10_000, bomb),
        "that ends early": png(32, 32, zlib.compress(bytes(160)))[:-30],
        "of broken data": png(32, 32, b"no zlib at all"),
        "of zero size": png(0, 0, zlib.compress(b"")),
        "with a text that decompresses to 256 MB": png(32, 32, zlib.compress(bytes(160)), text),
        "that is a script": b"#!/bin/sh\ntouch escaped\n",
        "in PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n(escaped) (w) file closefile\n",
        "of a GIF's head": b"GIF89a\xff\xff\xff\xff\xf7",
        "of a TIFF that points at itself": b"II*\0\x08\0\0\0\x01\0\xfe\x00\x04\0\x01\0\0\0\0\0\0\0\x08\0\0\0",
    }


for _name, _content in _pictures().items():

    @hostile(f"picture {_name}")
    def _picture(folder: Path, content: bytes = _content) -> list[str]:
        return voc(folder, annotation(), picture=content)


# ONNX files


def quantized(x: str, y: str) -> onnx.NodeProto:
    constants = ["one", "zero", "eight"]
    return helper.make_node("Quant", [x, *constants], [y], domain="qonnx.custom_op.general", signed=1, narrow=0,
                            rounding_mode="ROUND")  # fmt: skip


def model(nodes: list[onnx.NodeProto], shape: tuple[int, ...] = (1, 2, 4, 4), more: tuple = ()) -> onnx.ModelProto:
    """A QONNX file from `x` to `y`."""
    constants = [numpy_helper.from_array(np.float32(v), k) for k, v in (("one", 1), ("zero", 0), ("eight", 8))]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("x", "y")]
    domain = helper.make_opsetid("qonnx.custom_op.general", 1)
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [*constants, *more])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), domain])


def more_ends(made: onnx.ModelProto, *inputs: str, output: str = "") -> onnx.ModelProto:
    """The model with further inputs and an output, of the shape of its first."""
    for name in inputs:
        made.graph.input.add().CopyFrom(made.graph.input[0])
        made.graph.input[-1].name = name
    if output:
        made.graph.output.add().CopyFrom(made.graph.input[0])
        made.graph.output[-1].name = output
    return made


def lying(name: str, dims: tuple[int, ...]) -> TensorProto:
    """A constant without the data that its shape promises."""
    return TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims, raw_data=b"\0" * 16)


def outside(name: str, location: str) -> TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=(2, 2, 1, 1))
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def integers(name: str, *values: int) -> TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


def of_constants(*nodes: onnx.NodeProto, more: tuple = ()) -> onnx.ModelProto:
    """A file that adds what `nodes` make of constants, the tensor `k`, to its input."""
    add = helper.make_node("Add", ["q", "k"], ["a"])
    return model([quantized("x", "q"), *nodes, add, quantized("a", "y")], more=more)


def changed(change: Callable[[onnx.ModelProto], object]) -> onnx.ModelProto:
    made = model([quantized("x", "q"), quantized("q", "y")])
    change(made)
    return made


def _loop() -> onnx.ModelProto:
    ends = [helper.make_tensor_value_info(n, t, []) for n, t in (("i", TensorProto.INT64), ("c", TensorProto.BOOL))]
    state = helper.make_tensor_value_info("s", TensorProto.FLOAT, [])
    after = [helper.make_tensor_value_info(n, t, []) for n, t in (("c1", TensorProto.BOOL), ("s1", TensorProto.FLOAT))]
    body = [helper.make_node("Identity", ["c"], ["c1"]), helper.make_node("Add", ["s", "s"], ["s1"])]
    graph = helper.make_graph(body, "body", [*ends, state], after)
    true = numpy_helper.from_array(np.array(True), "true")
    times = numpy_helper.from_array(np.int64(1 << 60), "times")
    return of_constants(helper.make_node("Loop", ["times", "true", "one"], ["k"], body=graph), more=(true, times))


def _functions() -> onnx.ModelProto:
    """Each of 40 functions calls the one before it twice."""
    made = of_constants(helper.make_node("f39", ["one"], ["k"], domain="bomb"))
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("bomb", 1)]
    for i in range(40):
        call = partial(helper.make_node, f"f{i - 1}", domain="bomb") if i else partial(helper.make_node, "Neg")
        body = [call(["a"], ["b"]), call(["b"], ["c"])]
        made.functions.append(helper.make_function("bomb", f"f{i}", ["a"], ["c"], body, opsets))
    return made


def _constant_files() -> dict[str, onnx.ModelProto]:
    """What a constant may cost to compute, and what it may hold."""
    node = helper.make_node
    shape, sizes = node("ConstantOfShape", ["shape"], ["m"]), integers("shape", 6000, 6000)
    conv = [quantized("x", "q"), quantized("w", "wq"), node("Conv", ["q", "wq"], ["c"]), quantized("c", "y")]
    files = {
        "with a product of 6000^3": of_constants(shape, node("MatMul", ["m", "m"], ["k"]), more=(sizes,)),
        "with a product of 4000^3": of_constants(
            shape, node("MatMul", ["m", "m"], ["k"]), more=(integers("shape", 4000, 4000),)
        ),
        "with a sum over letters": of_constants(
            shape, node("Einsum", ["m", "m", "m"], ["k"], equation="ab,cd,ef->"), more=(integers("shape", 900, 900),)
        ),
        "with a loop of 2^60 rounds": _loop(),
        "with functions that call each other 2^40 times": _functions(),
        "with a range of 10^12": of_constants(
            node("Range", ["zero", "end", "one"], ["k"]), more=(numpy_helper.from_array(np.float32(1e12), "end"),)
        ),
        "that expands a constant to 2^40": of_constants(
            node("Expand", ["one", "shape"], ["k"]), more=(integers("shape", 1 << 20, 1 << 20),)
        ),
        "that pads a constant to 2^60": of_constants(
            node("Reshape", ["one", "flat"], ["m"]), node("Pad", ["m", "pads"], ["k"]),
            more=(integers("flat", 1), integers("pads", 1 << 59, 1 << 59)),
        ),
        "that enlarges a constant 2^40 times": of_constants(
            node("Reshape", ["one", "flat"], ["m"]), node("Resize", ["m", "", "", "shape"], ["k"], mode="nearest"),
            more=(integers("flat", 1, 1), integers("shape", 1 << 20, 1 << 20)),
        ),
        "with 500 constants of 2^24 values": of_constants(
            *(node("ConstantOfShape", ["shape"], [f"m{i}"]) for i in range(500)),
            node("Sum", [f"m{i}" for i in range(500)], ["k"]), more=(integers("shape", 1 << 12, 1 << 12),),
        ),
    }  # fmt: skip
    for what, value in (("NaN", np.nan), ("infinite", np.inf)):
        weights = numpy_helper.from_array(np.full((2, 2, 1, 1), value, np.float32), "w")
        files[f"with {what} weights"] = model(conv, more=(weights,))
    return files


def _claimed_files() -> dict[str, onnx.ModelProto]:
    """What a file may say of itself."""
    wide = helper.make_tensor_type_proto(TensorProto.FLOAT, (1, 1 << 20, 1 << 20, 4))
    return {
        "of opset 2^62": changed(lambda m: setattr(m.opset_import[0], "version", 1 << 62)),
        "of no opset": changed(lambda m: m.ClearField("opset_import")),
        "of IR version -1": changed(lambda m: setattr(m, "ir_version", -1)),
        "with an output listed twice": changed(lambda m: m.graph.output.append(m.graph.output[0])),
        "with an output of 2^42 values": changed(lambda m: m.graph.output[0].type.CopyFrom(wide)),
        "with two inputs": more_ends(model([quantized("x", "q"), helper.make_node("Add", ["q", "z"], ["y"])]), "z"),
        "of half precision": changed(lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 10)),
        "of a foreign domain": changed(lambda m: setattr(m.graph.node[1], "domain", "evil.ops")),
    }


def _onnx_files() -> dict[str, bytes]:
    node, first = helper.make_node, quantized("x", "q")
    conv = [first, node("Conv", ["q", "w"], ["c"], name="conv"), quantized("c", "y")]
    size = numpy_helper.from_array(np.array([1 << 20, 1 << 20], np.int64), "size")
    tiles = numpy_helper.from_array(np.array([1 << 12] * 4, np.int64), "tiles")
    big = 1 << 40
    chain = [node("Relu", [f"r{i}"], [f"r{i + 1}"]) for i in range(20_000)]
    files = {
        "with a cycle": model([first, node("Add", ["q", "b"], ["a"]), node("Relu", ["a"], ["b"]), quantized("b", "y")]),
        "with a node that reads itself": model([first, node("Add", ["q", "y"], ["y"])]),
        "without its weights": model(conv),
        "with weights of 2^40 values": model(conv, more=(lying("w", (big, 2, 1, 1)),)),
        "with weights of negative size": model(conv, more=(lying("w", (-2, 2, 1, 1)),)),
        "with weights shorter than their shape": model(conv, more=(lying("w", (100, 2, 1, 1)),)),
        "with weights in /etc/passwd": model(conv, more=(outside("w", "/etc/passwd"),)),
        "with weights in a folder above": model(conv, more=(outside("w", "../secret"),)),
        "with weights in a device": model(conv, more=(outside("w", "/dev/zero"),)),
        "with an input of 2^80 values": model([first, quantized("q", "y")], (1, big, big, 1)),
        "with an input of 2^34 values": model([first, quantized("q", "y")], (1, 1 << 10, 1 << 12, 1 << 12)),
        "with an input of no size": model([first, quantized("q", "y")], (1, 0, 4, 4)),
        "that makes a constant of 2^40 values": model(
            [first, node("ConstantOfShape", ["size"], ["k"]), node("Add", ["q", "k"], ["a"]), quantized("a", "y")],
            more=(size,),
        ),
        "that repeats a constant 2^48 times": model(
            [first, node("Tile", ["w", "tiles"], ["k"]), node("Add", ["q", "k"], ["a"]), quantized("a", "y")],
            more=(numpy_helper.from_array(np.ones((1, 1, 1, 1), np.float32), "w"), tiles),
        ),
        "of 20,000 nodes": model([quantized("x", "r0"), *chain, quantized("r20000", "y")]),
        "with two nodes of one output": model([first, first, quantized("q", "y")]),
        "with an unknown operator": model([first, node("Sabotage", ["q"], ["a"]), quantized("a", "y")]),
        "without nodes": model([]),
        "of a quantizer alone": model([quantized("x", "y")]),
        "whose output is its input": more_ends(model([first, quantized("q", "y")]), output="x"),
        "with an input that nothing reads": more_ends(model([first, quantized("z", "zq"), quantized("q", "y")]), "z"),
    }  # fmt: skip
    files |= _constant_files() | _claimed_files()
    found = {name: made.SerializeToString() for name, made in files.items()}
    good = model([first, quantized("q", "y")]).SerializeToString()
    found["that ends early"] = good[: len(good) // 2]
    found["of a length beyond its end"] = b"\x3a\xff\xff\xff\xff\x0f" + good
    found["of random bytes"] = np.random.default_rng(1).bytes(1 << 16)
    return found


for _name, _content in _onnx_files().items():

    @hostile(f"ONNX file {_name}")
    def _onnx(folder: Path, content: bytes = _content) -> list[str]:
        (folder / "models").mkdir()
        (folder / "secret").write_bytes(bytes(16))
        (folder / "models" / "m.onnx").write_bytes(content)
        return ["export", str(folder / "models" / "m.onnx"), "--out", str(folder / "out")]


# Checkpoints


@dataclass
class Touch:
    """Unpickled, it makes a file."""

    place: str

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.place}",)


def run_folder(folder: Path, **files: bytes) -> Path:
    run = folder / "run"
    run.mkdir()
    (run / "recipe.yaml").write_text(RECIPE.read_text())
    (run / "result.json").write_text("{}")
    for name, content in files.items():
        (run / name.replace("_", ".")).write_bytes(content)
    return run


@hostile("weights that are a pickle")
def _pickled_weights(folder: Path) -> list[str]:
    content = pickle.dumps(Touch(str(folder / "escaped")))
    return ["export", str(run_folder(folder, weights_safetensors=content)), "--out", str(folder / "out")]


for _name, _content in {
    "of nothing": b"",
    "with a header of 2^60 bytes": struct.pack("<Q", 1 << 60) + b"{}",
    "with a tensor beyond the end": struct.pack("<Q", 64)
    + b'{"a":{"dtype":"F32","shape":[1073741824],"data_offsets":[0,4294967296]}}'[:64].ljust(64),
    "with a header that is no JSON": struct.pack("<Q", 8) + b"[" * 8,
}.items():

    @hostile(f"weights {_name}")
    def _weights(folder: Path, content: bytes = _content) -> list[str]:
        return ["export", str(run_folder(folder, weights_safetensors=content)), "--out", str(folder / "out")]


@hostile("checkpoint that holds code")
def _checkpoint(folder: Path) -> list[str]:
    torch.save({"state_dict": Touch(str(folder / "escaped"))}, folder / "evil")
    return _resume(folder, (folder / "evil").read_bytes())


@hostile("checkpoint that is a bare pickle")
def _bare(folder: Path) -> list[str]:
    return _resume(folder, pickle.dumps(Touch(str(folder / "escaped"))))


def _resume(folder: Path, checkpoint: bytes) -> list[str]:
    run = run_folder(folder, float_ckpt=checkpoint)
    return ["train", str(RECIPE), "--out", str(run), "--resume"]


# Good files, damaged at random

DAMAGED = 16
"""Of each kind."""


def damaged(content: bytes, number: int) -> bytes:
    """Some bytes are changed, left out, repeated, or put elsewhere."""
    rng = np.random.default_rng(number)
    changed = bytearray(content)
    for _ in range(rng.integers(1, 6)):
        at, length = int(rng.integers(len(changed))), int(rng.integers(1, 12))
        part = changed[at : at + length]
        changed[at : at + length] = (rng.bytes(length), b"", part * 2, part[::-1])[rng.integers(4)]
    return bytes(changed)


@cache
def _good_weights() -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        save_untrained(load_recipe(RECIPE), Path(scratch))
        return (Path(scratch) / "weights.safetensors").read_bytes()


def _damaged_recipe(folder: Path, number: int) -> list[str]:
    (folder / "recipe.yaml").write_bytes(damaged(RECIPE.read_bytes(), number))
    return ["train", str(folder / "recipe.yaml"), "--out", str(folder / "out")]


def _damaged_annotation(folder: Path, number: int) -> list[str]:
    return voc(folder, damaged(annotation(box()).encode(), number))


def _damaged_picture(folder: Path, number: int) -> list[str]:
    return voc(folder, annotation(box()), picture=damaged(png(32, 32, zlib.compress(bytes(160))), number))


def _damaged_onnx(folder: Path, number: int) -> list[str]:
    pool = helper.make_node("MaxPool", ["q"], ["m"], kernel_shape=[1, 1])
    made = model([quantized("x", "q"), pool, quantized("m", "y")])
    (folder / "m.onnx").write_bytes(damaged(made.SerializeToString(), number))
    return ["export", str(folder / "m.onnx"), "--out", str(folder / "out")]


def _damaged_weights(folder: Path, number: int) -> list[str]:
    head, good = 8 + int.from_bytes(_good_weights()[:8], "little"), _good_weights()
    content = damaged(good[:head], number) + good[head:]
    return ["export", str(run_folder(folder, weights_safetensors=content)), "--out", str(folder / "out")]


DAMAGES = {
    f"damaged {kind} {number}": partial(make, number=number)
    for kind, make in {
        "recipe": _damaged_recipe,
        "annotation": _damaged_annotation,
        "picture": _damaged_picture,
        "ONNX file": _damaged_onnx,
        "weights": _damaged_weights,
    }.items()
    for number in range(DAMAGED)
}
HOSTILE |= DAMAGES


# Trying them


@dataclass(frozen=True)
class Outcome:
    """What became of one file; `crash` is empty if it did no harm."""

    name: str
    said: str
    crash: str


def attempt(name: str) -> Outcome:
    """Runs one command on its files, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="hostile_") as scratch:
        folder = Path(scratch)
        command = HOSTILE[name](folder)
        there = _files(folder)
        process = FORK.Process(target=_child, args=(command, folder))
        process.start()
        process.join(SECONDS)
        hangs = process.is_alive()
        if hangs:
            process.kill()
            process.join()
        said = (folder / ".said").read_text(errors="replace")
        new = sorted(str(p.relative_to(folder)) for p in _files(folder) - there if p.name != ".said")
    return Outcome(
        name, said.strip(), _judge(name, process.exitcode, hangs, said, [n for n in new if "cache" not in n])
    )


def _judge(name: str, exitcode: int | None, hangs: bool, said: str, new: list[str]) -> str:
    if hangs:
        return f"still runs after {SECONDS} s"
    if exitcode == 0 and name in DAMAGES:
        outside = [place for place in new if not place.startswith("out/")]
        return f"left {', '.join(outside)}" if outside else ""
    if exitcode != 2:
        return f"ended with status {exitcode}: {(said.strip().splitlines() or [''])[-1][:200]}"
    if "Traceback" in said or said.count("error:") > 1:
        return "says more than one line"
    if len(said) > 2000:
        return f"says {len(said)} characters"
    left = [name for name in new if not name.startswith("out/recipe.yaml") and not name.startswith("run/")]
    return f"left {', '.join(left)}" if left or "run/escaped" in new else ""


def _child(command: list[str], folder: Path) -> None:
    log = os.open(folder / ".said", os.O_CREAT | os.O_WRONLY)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ["CODESIGN_CACHE"] = str(folder / "cache")
    os.chdir(folder)
    torch.set_num_threads(1)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
    sys.exit(status(command))


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def main(words: list[str]) -> None:
    from trust import update

    outcomes = []
    for name in HOSTILE:
        if not words or any(word in name for word in words):
            outcomes.append(attempt(name))
            print(f"{outcomes[-1].crash or 'no harm'}: {name}", flush=True)
    crashes = sum(bool(outcome.crash) for outcome in outcomes)
    if not words:
        update({"hostile_files": len(outcomes), "crashes": crashes})
    print(f"{len(outcomes)} files, {crashes} crashes")
    sys.exit(bool(crashes))


if __name__ == "__main__":
    main(sys.argv[1:])
