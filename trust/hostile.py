"""Files made to do harm, each given to the command that would read it: one clear line and status 2, soon.

    python -m trust.hostile [WORD ...]

Recipes, Pascal VOC and COCO folders with pictures, ONNX and TFLite files, checkpoints, stored graphs; and good ones
that were damaged at random, which may also do what they did before. Each runs in a process of its own, of at most
MEMORY bytes more than the libraries take and SECONDS seconds. It counts as a crash if it ends otherwise, says more than
one error, runs what the file holds, or leaves a file where there was none. With words, only files whose names contain
one are tried. Exit status 1 after a crash. Keeps its figures in benchmarks/results/trust.json.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import resource
import socket
import struct
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

import flatbuffers
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
SOURCES = (
    "trust/hostile.py",
    "codesign/frontend/**/*.py",
    "codesign/data/**/*.py",
    "codesign/training/**/*.py",
    "codesign/*.py",
)
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
        "with an endless rate": good.replace("1.0e-3", ".inf").encode(),
        "with a rate of 1e-300": good.replace("1.0e-3", "1e-300").encode(),
        "with a seed of 2^70": good.replace("seed: 3", f"seed: {2**70}").encode(),
        "with a negative seed": good.replace("seed: 3", "seed: -1").encode(),
        "with a billion classes": good.replace("model:", "model:\n  classes: 1000000000").encode(),
        "with no class": good.replace("model:", "model:\n  classes: 0").encode(),
        "with a million blocks": good.replace("units: 2", "units: 1000000").encode(),
        "with a network of 10^12 weights": good.replace("channels: 8", "channels: 65536").encode(),
        "with a batch of 10^9 images": good.replace("batch_size: 8", "batch_size: 1000000000").encode(),
        "with a batch of terabytes": good.replace("batch_size: 8", "batch_size: 60000")
        .replace("image_size: 32", "image_size: 8192")
        .encode(),
        "with an underscore in a number": good.replace("seed: 3", "seed: 1_0").encode(),
        "with an underscore in a quoted number": good.replace("seed: 3", "seed: '1_0'").encode(),
        "with a number in base 60": good.replace("seed: 3", "seed: 1:30").encode(),
        "with an octal number": good.replace("seed: 3", "seed: 0o10").encode(),
        "with yes for a number": good.replace("seed: 3", "seed: yes").encode(),
        "with true for a number": good.replace("seed: 3", "seed: true").encode(),
        "with a key given twice": good.replace("seed: 3", "seed: 3\nseed: 4").encode(),
        "of 100 MB": b"# " + b"x" * 100_000_000,
        "with two documents": good.encode() + b"\n---\n" + good.encode(),
    }


for _name, _content in _recipes().items():

    @hostile(f"recipe {_name}")
    def _recipe(folder: Path, content: bytes = _content) -> list[str]:
        (folder / "recipe.yaml").write_bytes(content)
        return ["train", str(folder / "recipe.yaml"), "--out", str(folder / "out")]


# Things that are no files


def _socket(place: Path) -> None:
    at_work = os.getcwd()
    os.chdir(place.parent)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(place.name)
    os.chdir(at_work)


NO_FILES: dict[str, Callable[[Path], None]] = {
    "a folder": Path.mkdir,
    "a named pipe": os.mkfifo,
    "a socket": _socket,
    "an endless device": lambda place: place.symlink_to("/dev/zero"),
    "a link to itself": lambda place: place.symlink_to(place.name),
    "a link to nothing": lambda place: place.symlink_to("nothing"),
    "a sparse file of 100 GB": lambda place: (place.touch(), os.truncate(place, 100_000_000_000))[0],
}
"""By name: puts it at a place."""


def replaced(place: Path, make: Callable[[Path], None]) -> None:
    place.unlink(missing_ok=True)
    make(place)


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


PLACES = {"annotation": "Annotations/a.xml", "picture": "JPEGImages/a.png", "list": "ImageSets/Main/trainval.txt"}

for _what, _place in PLACES.items():
    for _name, _make in NO_FILES.items():

        @hostile(f"{_what} that is {_name}")
        def _no_file(folder: Path, place: str = _place, make: Callable[[Path], None] = _make) -> list[str]:
            command = voc(folder, annotation(box()))
            replaced(folder / "voc" / place, make)
            return command


@hostile("annotation of a million objects")
def _million(folder: Path) -> list[str]:
    return voc(folder, annotation(box("1 1 2 2") * 120_000))


@hostile("annotation of 100 MB")
def _long(folder: Path) -> list[str]:
    return voc(folder, annotation(" " * 100_000_000))


@hostile("list that is no text")
def _binary_list(folder: Path) -> list[str]:
    command = voc(folder, annotation(box()))
    (folder / "voc" / "ImageSets" / "Main" / "trainval.txt").write_bytes(bytes(range(128, 256)))
    return command


# COCO folders


def coco(folder: Path, instances: str) -> list[str]:
    """A folder of one image, and the command that trains on it."""
    for split in ("train", "val"):
        (folder / "coco" / split).mkdir(parents=True)
        Image.new("RGB", (32, 32)).save(folder / "coco" / split / "a.png")
        (folder / "coco" / "annotations").mkdir(exist_ok=True)
        (folder / "coco" / "annotations" / f"instances_{split}.json").write_text(instances)
    recipe = yaml.safe_load(RECIPE.read_text())
    recipe["data"] = {"set": "coco", "path": str(folder / "coco"), "image_size": 32}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return ["train", str(folder / "recipe.yaml"), "--out", str(folder / "out")]


COCO = '{"categories": [{"id": 1, "name": "0"}], "images": [{"id": 1, "file_name": "a.png", "width": %s, "height": 32}], "annotations": [%s]%s}'  # noqa: E501
OBJECT = '{"image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2]}'

for _name, _text in {
    "of 198 MB of junk": COCO % (32, "1," * 99_000_000 + "1", ""),
    "of 198 MB of nested junk": COCO % (32, "", ', "junk": ' + "[" * 99_000_000 + "]" * 99_000_000),
    "of a million objects": COCO % (32, ",".join([OBJECT] * 1_000_000), ""),
    "with a width of 1e400": COCO % ("1e400", OBJECT, ""),
    "with a width of 2^70": COCO % (2**70, OBJECT, ""),
    "with a box of two numbers": COCO % (32, OBJECT.replace("1, 1, 2, 2", "1, 1"), ""),
    "with no number": COCO % (32, OBJECT.replace("1, 1, 2, 2", "1, 1, NaN, 2"), ""),
    "that ends early": COCO[:60],
    "of a list": "[]",
}.items():

    @hostile(f"instances {_name}")
    def _instances(folder: Path, text: str = _text) -> list[str]:
        return coco(folder, text)


for _name, _make in NO_FILES.items():

    @hostile(f"instances that are {_name}")
    def _no_instances(folder: Path, make: Callable[[Path], None] = _make) -> list[str]:
        command = coco(folder, COCO % (32, OBJECT, ""))
        replaced(folder / "coco" / "annotations" / "instances_train.json", make)
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


# TFLite files


@cache
def _tflite_schema() -> ModuleType:
    return import_module("tflite")


def _flat(content: Callable[[flatbuffers.Builder], int]) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(content(builder), b"TFL3")
    return bytes(builder.Output())


def _vector(builder: flatbuffers.Builder, start: Callable, values: list, put: str) -> int:
    start(builder, len(values))
    for value in reversed(values):
        getattr(builder, put)(value)
    return builder.EndVector()


@dataclass(frozen=True)
class LiteTensor:
    """A tensor of a TFLite file. scales, zeros: None where it is not quantized; data: None where it is computed."""

    shape: tuple[int, ...]
    kind: str = "INT8"
    scales: tuple[float, ...] | None = (0.1,)
    zeros: tuple[int, ...] = (0,)
    axis: int = 0
    data: bytes | None = None
    buffer: int | None = None


@dataclass(frozen=True)
class LiteFile:
    """A TFLite file of one convolution, whose parts may be exchanged.

    operator: its number in the schema; code: its place in the list of operators; graphs: copies of the graph.
    """

    tensors: tuple[LiteTensor, ...] = (
        LiteTensor((1, 4, 4, 2)),
        LiteTensor((3, 3, 3, 2), data=bytes(54)),
        LiteTensor((3,), "INT32", (0.01,), data=bytes(12)),
        LiteTensor((1, 4, 4, 3)),
    )
    operator: int = 3
    version: int = 1
    code: int = 0
    reads: tuple[int, ...] = (0, 1, 2)
    gives: tuple[int, ...] = (3,)
    stride: int = 1
    dilation: int = 1
    options_type: int = 1
    inputs: tuple[int, ...] = (0,)
    outputs: tuple[int, ...] = (3,)
    graphs: int = 1
    schema: int = 3

    def bytes(self) -> bytes:
        return _flat(self._written)

    def _written(self, builder: flatbuffers.Builder) -> int:
        t = _tflite_schema()
        stored = [tensor.data for tensor in self.tensors]
        buffers = [self._buffer(builder, t, data or b"") for data in [b"", *stored]]
        graphs = [self._graph(builder, t) for _ in range(self.graphs)]
        t.OperatorCodeStart(builder)
        t.OperatorCodeAddBuiltinCode(builder, self.operator)
        t.OperatorCodeAddDeprecatedBuiltinCode(builder, min(self.operator, 127))
        t.OperatorCodeAddVersion(builder, self.version)
        codes = [t.OperatorCodeEnd(builder)]
        listed = [
            _vector(builder, t.ModelStartOperatorCodesVector, codes, "PrependUOffsetTRelative"),
            _vector(builder, t.ModelStartSubgraphsVector, graphs, "PrependUOffsetTRelative"),
            _vector(builder, t.ModelStartBuffersVector, buffers, "PrependUOffsetTRelative"),
        ]
        t.ModelStart(builder)
        t.ModelAddVersion(builder, self.schema)
        t.ModelAddOperatorCodes(builder, listed[0])
        t.ModelAddSubgraphs(builder, listed[1])
        t.ModelAddBuffers(builder, listed[2])
        return t.ModelEnd(builder)

    def _buffer(self, builder: flatbuffers.Builder, t: ModuleType, data: bytes) -> int:
        content = builder.CreateByteVector(data) if data else None
        t.BufferStart(builder)
        if content is not None:
            t.BufferAddData(builder, content)
        return t.BufferEnd(builder)

    def _tensor(self, builder: flatbuffers.Builder, t: ModuleType, place: int) -> int:
        tensor = self.tensors[place]
        name = builder.CreateString(f"t{place}")
        shape = _vector(builder, t.TensorStartShapeVector, list(tensor.shape), "PrependInt32")
        scaled = self._quantization(builder, t, tensor) if tensor.scales is not None else None
        t.TensorStart(builder)
        t.TensorAddName(builder, name)
        t.TensorAddShape(builder, shape)
        t.TensorAddType(builder, getattr(t.TensorType, tensor.kind))
        t.TensorAddBuffer(builder, place + 1 if tensor.buffer is None else tensor.buffer)
        if scaled is not None:
            t.TensorAddQuantization(builder, scaled)
        return t.TensorEnd(builder)

    def _quantization(self, builder: flatbuffers.Builder, t: ModuleType, tensor: LiteTensor) -> int:
        scale = _vector(builder, t.QuantizationParametersStartScaleVector, list(tensor.scales or ()), "PrependFloat32")
        zero = _vector(builder, t.QuantizationParametersStartZeroPointVector, list(tensor.zeros), "PrependInt64")
        t.QuantizationParametersStart(builder)
        t.QuantizationParametersAddScale(builder, scale)
        t.QuantizationParametersAddZeroPoint(builder, zero)
        t.QuantizationParametersAddQuantizedDimension(builder, tensor.axis)
        return t.QuantizationParametersEnd(builder)

    def _graph(self, builder: flatbuffers.Builder, t: ModuleType) -> int:
        tensors = [self._tensor(builder, t, place) for place in range(len(self.tensors))]
        operator = self._operator(builder, t)
        listed = [
            _vector(builder, t.SubGraphStartTensorsVector, tensors, "PrependUOffsetTRelative"),
            _vector(builder, t.SubGraphStartInputsVector, list(self.inputs), "PrependInt32"),
            _vector(builder, t.SubGraphStartOutputsVector, list(self.outputs), "PrependInt32"),
            _vector(builder, t.SubGraphStartOperatorsVector, [operator], "PrependUOffsetTRelative"),
        ]
        t.SubGraphStart(builder)
        t.SubGraphAddTensors(builder, listed[0])
        t.SubGraphAddInputs(builder, listed[1])
        t.SubGraphAddOutputs(builder, listed[2])
        t.SubGraphAddOperators(builder, listed[3])
        return t.SubGraphEnd(builder)

    def _operator(self, builder: flatbuffers.Builder, t: ModuleType) -> int:
        t.Conv2DOptionsStart(builder)
        t.Conv2DOptionsAddStrideW(builder, self.stride)
        t.Conv2DOptionsAddStrideH(builder, self.stride)
        t.Conv2DOptionsAddDilationWFactor(builder, self.dilation)
        t.Conv2DOptionsAddDilationHFactor(builder, self.dilation)
        options = t.Conv2DOptionsEnd(builder)
        reads = _vector(builder, t.OperatorStartInputsVector, list(self.reads), "PrependInt32")
        gives = _vector(builder, t.OperatorStartOutputsVector, list(self.gives), "PrependInt32")
        t.OperatorStart(builder)
        t.OperatorAddOpcodeIndex(builder, self.code)
        t.OperatorAddInputs(builder, reads)
        t.OperatorAddOutputs(builder, gives)
        t.OperatorAddBuiltinOptionsType(builder, self.options_type)
        t.OperatorAddBuiltinOptions(builder, options)
        return t.OperatorEnd(builder)

    def with_tensor(self, place: int, **changes: object) -> LiteFile:
        tensors = list(self.tensors)
        tensors[place] = replace(tensors[place], **changes)
        return replace(self, tensors=tuple(tensors))


def _lite(**changes: object) -> bytes:
    return replace(LiteFile(), **changes).bytes()


def _lite_tensor(place: int, **changes: object) -> bytes:
    return LiteFile().with_tensor(place, **changes).bytes()


def _overwritten(good: bytes, at: int, value: int) -> bytes:
    return good[:at] + struct.pack("<I", value) + good[at + 4 :]


TFLITE: dict[str, Callable[[], bytes]] = {
    "of nothing": lambda: b"",
    "of its head alone": lambda: b"\x1c\0\0\0TFL3",
    "of zeros behind its head": lambda: b"\x1c\0\0\0TFL3" + bytes(4096),
    "of random bytes": lambda: b"\x1c\0\0\0TFL3" + np.random.default_rng(2).bytes(1 << 16),
    "that ends early": lambda: _lite()[: len(_lite()) // 2],
    "whose root lies beyond its end": lambda: _overwritten(_lite(), 0, 0x7FFFFFFF),
    "whose root is its own head": lambda: _overwritten(_lite(), 0, 0),
    "of version 99 of the schema": lambda: _lite(schema=99),
    "of no graph": lambda: _lite(graphs=0),
    "of two graphs": lambda: _lite(graphs=2),
    "with a negative scale": lambda: _lite_tensor(0, scales=(-0.1,)),
    "with a scale of nothing": lambda: _lite_tensor(3, scales=(0.0,)),
    "with an endless scale": lambda: _lite_tensor(3, scales=(float("inf"),)),
    "with a scale of no number": lambda: _lite_tensor(1, scales=(float("nan"),)),
    "with a scale of 1e-45": lambda: _lite_tensor(3, scales=(1e-45,)),
    "with a scale of 1e38": lambda: _lite_tensor(0, scales=(1e38,)),
    "with an input without scale": lambda: _lite_tensor(0, scales=None),
    "with weights without scale": lambda: _lite_tensor(1, scales=None),
    "with an output without scale": lambda: _lite_tensor(3, scales=None),
    "with more scales than channels": lambda: _lite_tensor(1, scales=(0.1,) * 7, zeros=(0,) * 7),
    "with scales along axis 1000": lambda: _lite_tensor(1, scales=(0.1,) * 3, zeros=(0,) * 3, axis=1000),
    "with more zero points than scales": lambda: _lite_tensor(0, zeros=(0, 1, 2)),
    "with a zero point of 2^62": lambda: _lite_tensor(0, zeros=(1 << 62,)),
    "with a negative size": lambda: _lite_tensor(0, shape=(1, -4, 4, 2)),
    "with an input of 2^80 values": lambda: _lite_tensor(0, shape=(1, 1 << 30, 1 << 30, 1 << 20)),
    "with an input of no size": lambda: _lite_tensor(0, shape=(1, 0, 4, 2)),
    "with a shape of 10,000 sides": lambda: _lite_tensor(0, shape=(1,) * 10_000),
    "with weights of three sides": lambda: _lite_tensor(1, shape=(3, 3, 6), data=bytes(54)),
    "with weights of other channels": lambda: _lite_tensor(1, shape=(3, 3, 6, 1), data=bytes(54)),
    "with weights that no buffer holds": lambda: _lite_tensor(1, data=None),
    "with weights shorter than their shape": lambda: _lite_tensor(1, data=bytes(10)),
    "with weights longer than their shape": lambda: _lite_tensor(1, data=bytes(5400)),
    "with weights in buffer 10^9": lambda: _lite_tensor(1, buffer=10**9),
    "with weights in the output's buffer": lambda: _lite_tensor(1, buffer=0),
    "with a bias of another length": lambda: _lite_tensor(2, shape=(2,), data=bytes(8)),
    "with a bias of 8 bits": lambda: _lite_tensor(2, kind="INT8", shape=(3,), data=bytes(3)),
    "with an output of another size": lambda: _lite_tensor(3, shape=(1, 400, 400, 3)),
    "with an output of strings": lambda: _lite_tensor(3, kind="STRING"),
    "with an operator that there is not": lambda: _lite(operator=30_000),
    "with a negative operator": lambda: _lite(operator=-1),
    "with another operator than its options say": lambda: _lite(operator=9),
    "with options of another operator": lambda: _lite(options_type=22),
    "with options of no kind": lambda: _lite(options_type=255),
    "with control flow": lambda: _lite(operator=118),
    "with an operator's code beyond the list": lambda: _lite(code=10**6),
    "with version 10^9 of an operator": lambda: _lite(version=10**9),
    "with a stride of nothing": lambda: _lite(stride=0),
    "with a negative stride": lambda: _lite(stride=-1),
    "with a stride of 2^30": lambda: _lite(stride=1 << 30),
    "with a dilation of 2^30": lambda: _lite(dilation=1 << 30),
    "with an operator that reads its output": lambda: _lite(reads=(3, 1, 2)),
    "with an operator that reads tensor 10^9": lambda: _lite(reads=(10**9, 1, 2)),
    "with an operator that reads tensor -5": lambda: _lite(reads=(-5, 1, 2)),
    "with an operator that reads nothing": lambda: _lite(reads=()),
    "with an operator that gives nothing": lambda: _lite(gives=()),
    "with an operator that gives its input": lambda: _lite(gives=(0,)),
    "with an operator that gives its weights": lambda: _lite(gives=(1,)),
    "without inputs": lambda: _lite(inputs=()),
    "with two inputs": lambda: _lite(inputs=(0, 3)),
    "whose input is its weights": lambda: _lite(inputs=(1,)),
    "without outputs": lambda: _lite(outputs=()),
    "with an output that nobody computes": lambda: _lite(outputs=(2,)),
    "with the output tensor 10^9": lambda: _lite(outputs=(10**9,)),
}
"""By name; made only where they are tried, since the schema belongs to an extra."""

for _name, _make_bytes in TFLITE.items():

    @hostile(f"TFLite file {_name}")
    def _tflite(folder: Path, make: Callable[[], bytes] = _make_bytes) -> list[str]:
        (folder / "m.tflite").write_bytes(make())
        return ["export", str(folder / "m.tflite"), "--out", str(folder / "out")]


for _name, _make in NO_FILES.items():

    @hostile(f"TFLite file that is {_name}")
    def _no_tflite(folder: Path, make: Callable[[Path], None] = _make) -> list[str]:
        replaced(folder / "m.tflite", make)
        return ["export", str(folder / "m.tflite"), "--out", str(folder / "out")]


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


@cache
def _good_checkpoint() -> bytes:
    """The checkpoint of the float phase's last epoch."""
    from codesign.training import train

    with tempfile.TemporaryDirectory() as scratch:
        train(RECIPE, Path(scratch) / "run", overrides=["training.quantized_phase=null"])
        return (Path(scratch) / "run" / "float.ckpt").read_bytes()


def _changed(change: Callable[[dict], object]) -> bytes:
    """A good checkpoint after a change."""
    content = torch.load(io.BytesIO(_good_checkpoint()), weights_only=True)
    changed = change(content)
    stream = io.BytesIO()
    torch.save(content if changed is None else changed, stream)
    return stream.getvalue()


CHECKPOINTS: dict[str, Callable[[dict], object]] = {
    "that is a list": lambda c: [1, 2, 3],
    "that is a tensor": lambda c: torch.zeros(3),
    "without weights": lambda c: c.pop("state_dict") and None,
    "of epoch 10^9": lambda c: c.update(epoch=10**9),
    "of epoch 10^9 in its counters": lambda c: c["loops"]["fit_loop"]["epoch_progress"]["current"].update(
        processed=10**9, completed=10**9
    ),
    "of a negative step": lambda c: c.update(global_step=-1),
    "with an optimizer of other shapes": lambda c: c["optimizer_states"][0]["state"][0].update(exp_avg=torch.zeros(7)),
    "with two optimizers": lambda c: c["optimizer_states"].append({}),
    "with weights of other shapes": lambda c: c["state_dict"].update({next(iter(c["state_dict"])): torch.zeros(7)}),
    "with weights of 2^40 values": lambda c: c["state_dict"].update(
        {next(iter(c["state_dict"])): torch.zeros(1).expand(1 << 40)}
    ),
    "with a list of weights": lambda c: c.update(state_dict=[1]),
}

for _name, _change in CHECKPOINTS.items():

    @hostile(f"checkpoint {_name}")
    def _bad_checkpoint(folder: Path, change: Callable[[dict], object] = _change) -> list[str]:
        return _resume(folder, _changed(change))


for _name, _make in NO_FILES.items():

    @hostile(f"checkpoint that is {_name}")
    def _no_checkpoint(folder: Path, make: Callable[[Path], None] = _make) -> list[str]:
        command = _resume(folder, b"")
        replaced(folder / "run" / "float.ckpt", make)
        return command


# Builds


BOMB = "a/bomb.npy"


def _npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text + data


def _array(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def description(**changes: object) -> dict[str, object]:
    """A graph of one average, changed."""
    kind = {"shape": [2, 4, 4], "lo": 0, "hi": 255, "scale": [1.0], "step": 1}
    node = {"name": "a", "kind": "avgpool", "inputs": ["x"], "fields": {"divisor": 16}}
    whole = {"format": 2, "name": "g", "inputs": {"x": kind}, "nodes": [node], "outputs": ["a"], "origins": {}}
    return whole | changes


def _graphs() -> dict[str, dict[str, bytes]]:
    def said(**changes: object) -> dict[str, bytes]:
        return {"description.npy": _array(np.array(json.dumps(description(**changes))))}

    def kind(**changes: object) -> dict[str, bytes]:
        return said(inputs={"x": {"shape": [2, 4, 4], "lo": 0, "hi": 255, "scale": [1.0], "step": 1} | changes})

    def node(**changes: object) -> dict[str, bytes]:
        return said(nodes=[{"name": "a", "kind": "avgpool", "inputs": ["x"], "fields": {"divisor": 16}} | changes])

    pool = {"kernel": [1, 1], "stride": [1, 1], "pads": [0, 0, 0, 0]}
    return {
        "with a bomb of 2 GB": said() | {BOMB: b""},
        "with an array of 2^60 values": said()
        | {"a/w.npy": _npy(f"{{'descr': '<i4', 'fortran_order': False, 'shape': ({1 << 60},)}}")},
        "with an array of negative size": said()
        | {"a/w.npy": _npy("{'descr': '<i4', 'fortran_order': False, 'shape': (-1,)}", bytes(4))},
        "with an array of objects": said() | {"a/w.npy": _array(np.array([Touch("escaped")], object))},
        "with an array of fractions": said() | {"a/w.npy": _array(np.zeros(3))},
        "with a description of objects": {"description.npy": _array(np.array([Touch("escaped")], object))},
        "with a shape of 2^40": kind(shape=[1 << 40, 4, 4]),
        "with a shape of words": kind(shape=["a", "b", "c"]),
        "with a shape of fractions": kind(shape=[2.5, 4, 4]),
        "with a range of 2^70": kind(hi=2**70),
        "with an endless scale": kind(scale=[float("inf")]),
        "with a scale of no number": kind(scale=[float("nan")]),
        "with a scale of nothing": kind(scale=[0.0]),
        "with an unknown operator": node(kind="../../sabotage"),
        "with a node without a name": node(name=None),
        "with a name of a megabyte": node(name="a" * 1_000_000),
        "with a divisor of a word": node(fields={"divisor": "x"}),
        "with a divisor of 2^70": node(fields={"divisor": 2**70}),
        "with pads of 2^30": node(kind="maxpool", fields=pool | {"kernel": [1 << 30] * 2, "pads": [(1 << 30) - 1] * 4}),
        "with an upsampling by 10^9": node(kind="upsample", fields={"factor": 10**9}),
        "of a list": {"description.npy": _array(np.array("[]"))},
        "without nodes": said(nodes=None),
        "without a description": {"a.npy": _array(np.zeros(3, np.int32))},
    }


def build(folder: Path, entries: dict[str, bytes]) -> Path:
    """A build folder whose graph is made of these entries."""
    made = folder / "build"
    (made / "run").mkdir(parents=True)
    (made / "run" / "recipe.yaml").write_text(RECIPE.read_text())
    (made / "manifest.json").write_text('{"format": 1}')
    with zipfile.ZipFile(made / "graph.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            if name == BOMB:
                with archive.open(BOMB, "w", force_zip64=True) as file:
                    for _ in range(64):
                        file.write(bytes(1 << 25))
            else:
                archive.writestr(name, content)
    return made


for _name, _entries in _graphs().items():

    @hostile(f"graph {_name}")
    def _graph(folder: Path, entries: dict[str, bytes] = _entries) -> list[str]:
        return ["eval", str(build(folder, entries)), "--backend", "graph", "--limit", "1"]


for _name, _make in NO_FILES.items():

    @hostile(f"graph that is {_name}")
    def _no_graph(folder: Path, make: Callable[[Path], None] = _make) -> list[str]:
        made = build(folder, {})
        replaced(made / "graph.npz", make)
        return ["eval", str(made), "--backend", "graph", "--limit", "1"]


# Good files, damaged at random

DAMAGED = 16
"""So many files of each kind are damaged."""


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


def _damaged_tflite(folder: Path, number: int) -> list[str]:
    (folder / "m.tflite").write_bytes(damaged(_lite(), number))
    return ["export", str(folder / "m.tflite"), "--out", str(folder / "out")]


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
        "TFLite file": _damaged_tflite,
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
    from trust.figures import update

    outcomes = []
    for name in HOSTILE:
        if not words or any(word in name for word in words):
            outcomes.append(attempt(name))
            print(f"{outcomes[-1].crash or 'no harm'}: {name}", flush=True)
    crashes = sum(bool(outcome.crash) for outcome in outcomes)
    if not words:
        update("hostile", {"hostile_files": len(outcomes), "crashes": crashes}, SOURCES)
    print(f"{len(outcomes)} files, {crashes} crashes")
    sys.exit(bool(crashes))


if __name__ == "__main__":
    main(sys.argv[1:])
