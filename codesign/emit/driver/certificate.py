"""A few frames and the integers that they give, for the hardware to test itself: `certificate.bin`, `certificate.json`.

`certificate.bin` is what both drivers replay. All numbers are little-endian: the letters CDSGCERT, the number of its
format and of its frames as 32 bits each, and the 16 bytes of the network's hash that are in registers too. Then, for
each frame, the bytes of every input as the design takes them, and the integers (C, H, W) of every output, 32 bits each.
Of a design that sends its peaks only, sizes and offsets are 0 where there is no peak.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from codesign.board import certificate
from codesign.board.driver import Stream
from codesign.design import Design
from codesign.emit.rtl.project import RtlProject
from codesign.files import write_text
from codesign.graph import IntArray, execute
from codesign.graph.reals import random_integers
from codesign.version import VERSION

FRAMES, SEED = 2, 30
"""Frames are random, over the whole range of the input: a block that is wrong for a value meets it sooner."""


def write_certificate(
    design: Design, project: RtlProject, inputs: Sequence[Mapping[str, Any]], versions: Mapping[str, str], folder: Path
) -> None:
    """Writes both files to `folder`. inputs: how the frames of each lie in memory, as `design.json` says it.

    versions: of the tools that made the design, by name.
    """
    graph = design.graph
    rng = np.random.default_rng(SEED)
    frames = {name: random_integers(rng, kind, FRAMES) for name, kind in graph.inputs.items()}
    outputs = expected(design, frames)
    head = struct.pack("<8sII", certificate.MAGIC, certificate.FORMAT, FRAMES) + bytes.fromhex(project.digest[:32])
    parts = [head]
    for number in range(FRAMES):
        for fields in inputs:
            parts.append(Stream(dict(fields)).pack(frames[fields["tensor"]][number].transpose(1, 2, 0)).tobytes())
        parts += [values[number].astype("<i4").tobytes() for values in outputs.values()]
    data = b"".join(parts)
    (folder / certificate.BINARY).write_bytes(data)
    said = {
        "format": certificate.FORMAT,
        "network": project.digest,
        "rtl": _sha256(project.sources),
        "memories": _sha256(sorted((project.folder / "mem").iterdir())),
        "weights": _sha256([project.folder / "weights.bin"]) if project.weights else None,
        "frames": hashlib.sha256(data).hexdigest(),
        "versions": {"codesign": VERSION, **versions},
    }
    (folder / certificate.RECORD).write_text(json.dumps(said, indent=1) + "\n")


def expected(design: Design, frames: Mapping[str, IntArray]) -> dict[str, IntArray]:
    """What leaves the hardware for frames (N, C, H, W), by the output's tensor, in the order of the drivers."""
    graph = design.graph
    names = tuple(design.heads.names.values()) if design.heads else tuple(graph.outputs)
    values = execute(graph, dict(frames), names)
    if design.heads is None:
        return {name: values[name] for name in names}
    peaks = (values[design.heads.heat] != design.heads.floor).any(axis=1, keepdims=True)
    return {name: values[name] if name == design.heads.heat else values[name] * peaks for name in names}


def write_verdict(folders: Iterable[Path], verdict: Mapping[str, Any]) -> None:
    """Lays what `codesign verify` has found beside each certificate there is."""
    for folder in folders:
        if (folder / certificate.RECORD).is_file():
            write_text(folder / certificate.VERDICT, json.dumps(verdict, indent=1) + "\n")


def _sha256(files: Sequence[Path]) -> str:
    """The hash of all contents, one after another, with the files' names."""
    sha = hashlib.sha256()
    for file in files:
        sha.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return sha.hexdigest()
