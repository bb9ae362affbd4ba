"""Whether verification finds faults: those of `faults.yaml`, each in the RTL of small networks.

    python -m trust.sabotage [--network NAME] [ID ...]

A network is exported as a user would do it; then its SystemVerilog gets all faults at once, each behind a plusarg, and
is compiled once. With each fault in turn, the stages of `codesign verify` that look at RTL, `blocks` and `rtl`, run
with the images that they have by default; without a fault they must find nothing. The networks have every operator,
and weights from memory, between them; a fault is tried on each network that has its module, until one finds it.

results/sabotage.json tells of each fault which stage found it and what was said. Survivors that faults.yaml calls
equivalent, with the reason, are counted apart. results/trust.json has the counts. Exit status 1 if another survives.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import yaml

from benchmarks import record
from benchmarks.record import EXPORT
from codesign.api.export import export
from codesign.build_folder import BuildFolder
from codesign.errors import ToolError
from codesign.progress import silent
from codesign.verification.blocks import Trial, trial_of
from codesign.verification.compare import Comparison, compare
from codesign.verification.images import verification_images
from codesign.verification.reference import Reference
from codesign.verification.stages import blocks, rtl
from trust.figures import update
from trust.networks import CASES

FAULTS = Path(__file__).with_name("faults.yaml")
NAME = "sabotage"
SOURCES = (
    "trust/sabotage.py",
    "trust/networks.py",
    "trust/faults.yaml",
    "codesign/verification/**/*.py",
    *EXPORT,
    "codesign/emit/hls/**/*",
    "hls/*.h",
)

IMAGES = 16
"""Those of `codesign verify` where nothing else is said."""

JOBS = 2
"""Simulations at once."""

CAUGHT, SURVIVED, EQUAL = "caught", "survived", "equivalent"

_PORTS_END = re.compile(r"^\);[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """An entry of faults.yaml, which explains the fields. number: its place, from 1, by which it is switched on."""

    number: int
    id: str
    file: str
    kind: str
    what: str
    code: str
    wrong: str
    adds: str = ""
    network: str = ""
    equivalent: str = ""

    def switched(self, text: str, before: str = "") -> str:
        """`text` of this fault with its switch, and with the code that stood there before."""
        parts = {"FAULT": f"(fault == {self.number})", "CODE": before}
        return re.sub(r"\b(FAULT|CODE)\b", lambda found: parts[found[1]], text)

    @property
    def plusargs(self) -> tuple[str, ...]:
        return (f"+fault={self.number}",)


SOUND = Fault(0, "none", "", "", "", "", "")


@dataclass(frozen=True)
class Outcome:
    """found: what verification said first. seconds: of all stages that it took. networks: those that were tried."""

    id: str
    file: str
    kind: str
    outcome: str
    network: str = ""
    stage: str = ""
    found: str = ""
    seconds: float = 0.0


def load_faults() -> tuple[Fault, ...]:
    """In the order of the file."""
    return tuple(Fault(number, **entry) for number, entry in enumerate(yaml.safe_load(FAULTS.read_text()), 1))


def sabotaged(text: str, faults: Sequence[Fault]) -> str:
    """A module with all these faults of it. Raises ValueError if the code of one is not there once, or two overlap."""
    spans: dict[tuple[int, int], str] = {}
    for fault in faults:
        if text.count(fault.code) != 1:
            raise ValueError(f"the code of fault '{fault.id}' is in its file {text.count(fault.code)} times")
        span = text.index(fault.code), text.index(fault.code) + len(fault.code)
        spans[span] = fault.switched(fault.wrong, spans.get(span, fault.code))
    order = sorted(spans)
    for (_, end), (start, _) in pairwise(order):
        if start < end:
            raise ValueError(f"faults overlap at {text[start:end]!r}")
    for start, end in reversed(order):
        text = text[:start] + spans[start, end] + text[end:]
    return _with_switch(text, [fault.switched(fault.adds) for fault in faults if fault.adds])


def _with_switch(text: str, added: Iterable[str]) -> str:
    """A module that looks at the plusarg when the simulation begins."""
    switch = ["int fault = 0;", 'initial void\'($value$plusargs("fault=%d", fault));', *added]
    found = _PORTS_END.search(text)
    if found is None:
        raise ValueError("a module without ports")
    return "".join((text[: found.end()], "\n\n  ", "\n  ".join(switch), text[found.end() :]))


def files_of(rtl_dir: Path, fault: Fault, network: str) -> list[Path]:
    """The files of a design that a fault is in: none, or one."""
    if fault.network not in ("", network):
        return []
    places = (rtl_dir / "library", rtl_dir / "generated", rtl_dir)
    files = [path for folder in places for path in sorted(folder.glob("*.sv"))]
    return [path for path in files if fnmatch(path.stem, fault.file)]


def equip(rtl_dir: Path, faults: Iterable[Fault], network: str) -> tuple[Fault, ...]:
    """Puts into a design all faults of its modules, switched off, and returns these."""
    by_file: dict[Path, list[Fault]] = {}
    for fault in faults:
        for path in files_of(rtl_dir, fault, network):
            by_file.setdefault(path, []).append(fault)
    for path, found in by_file.items():
        path.write_text(sabotaged(path.read_text(), found))
    return tuple(fault for found in by_file.values() for fault in found)


@dataclass(eq=False)
class Bench:
    """A network's build with all its faults in it."""

    name: str
    build: BuildFolder
    faults: tuple[Fault, ...]

    @cached_property
    def trial(self) -> Trial:
        return trial_of(self.build.design)

    def verified(self, fault: Fault) -> tuple[str, str]:
        """The stage that finds a fault and what it says; both empty if none does."""
        for stage in (self._blocks, self._rtl):
            try:
                said = stage(fault)
            except ToolError as error:
                said = error.what  # where it happened is a scratch folder
            if said:
                return stage.__name__.strip("_"), said
        return "", ""

    def _blocks(self, fault: Fault) -> str:
        return _told(blocks.compared(self.build.rtl, self.build.design, self.trial, silent, plusargs=fault.plusargs))

    def _rtl(self, fault: Fault) -> str:
        images = verification_images(self.build, IMAGES)
        shown = rtl.prove(self.build, images, tuple(self.build.graph.types), plusargs=fault.plusargs)
        return _told(compare("rtl", Reference(self.build.graph, images), shown, silent))


def _told(found: Comparison) -> str:
    """What a stage has found, in the words of `codesign verify`; empty if all was well."""
    if found.mismatch:
        return str(found.mismatch)
    return str(found.findings) if found.findings and not found.findings.good else ""


def bench(name: str, folder: Path, faults: Iterable[Fault]) -> Bench:
    """Exports a network of CASES into `folder` and puts the faults into it."""
    case = CASES[name]
    network, target = case.files(folder, name)
    build = export(network, folder / name, target=target, fps=case.fps, sparse=case.sparse, argmax=case.argmax).folder
    return Bench(name, build, equip(build.rtl, faults, name))


def tried(made: Bench, faults: Sequence[Fault]) -> Iterator[Outcome]:
    """What verification says of each fault, as soon as it is known. Raises ValueError if it finds one where none is."""
    stage, said = made.verified(SOUND)
    if stage:
        raise ValueError(f"{made.name} is not sound, stage {stage}: {said}")
    with ThreadPoolExecutor(JOBS) as pool:
        yield from pool.map(lambda fault: _tried(made, fault), faults)


def _tried(made: Bench, fault: Fault) -> Outcome:
    start = time.monotonic()
    stage, said = made.verified(fault)
    outcome = CAUGHT if stage else EQUAL if fault.equivalent else SURVIVED
    seconds = round(time.monotonic() - start, 1)
    return Outcome(fault.id, fault.file, fault.kind, outcome, made.name, stage, said[:300], seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description="sabotage of small networks' RTL, and whether verification finds it")
    parser.add_argument("--network", choices=CASES, action="append", help="only this one")
    parser.add_argument("ids", nargs="*", help="of faults; all without")
    options = parser.parse_args()
    faults = load_faults()
    wanted = [fault for fault in faults if not options.ids or fault.id in options.ids]
    found: dict[str, Outcome] = {}
    with tempfile.TemporaryDirectory(prefix="sabotage_") as scratch:
        for name in options.network or CASES:
            made = bench(name, Path(scratch), faults)
            left = [f for f in wanted if f in made.faults and found.get(f.id, _unknown(f)).outcome != CAUGHT]
            for outcome in tried(made, left):
                found[outcome.id] = outcome
                print(f"{outcome.outcome:10} {outcome.id:32} {outcome.stage:7} {outcome.found}", flush=True)
            shutil.rmtree(made.build.path)
    _conclude(
        [found.get(fault.id, _unknown(fault)) for fault in wanted],
        faults,
        whole=len(wanted) == len(faults) and not options.network,
    )


def _unknown(fault: Fault) -> Outcome:
    return Outcome(fault.id, fault.file, fault.kind, SURVIVED)


def _conclude(outcomes: Sequence[Outcome], faults: Sequence[Fault], *, whole: bool) -> None:
    """Prints the counts, and keeps them if all faults were tried."""
    by_outcome: Mapping[str, list[str]] = {
        kind: [o.id for o in outcomes if o.outcome == kind] for kind in (CAUGHT, EQUAL, SURVIVED)
    }
    explained = {fault.id for fault in faults if fault.equivalent}
    mistaken = sorted(explained & set(by_outcome[CAUGHT]))
    counts = {"faults": len(outcomes), "equivalent": len(by_outcome[EQUAL]), "caught": len(by_outcome[CAUGHT])}
    if whole:
        record.save(NAME, {"faults": [asdict(outcome) for outcome in outcomes]}, SOURCES)
        update("sabotage", {"sabotages": {**counts, "survivors": by_outcome[SURVIVED]}}, SOURCES)
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    print("survivors:", ", ".join(by_outcome[SURVIVED]) or "none")
    if mistaken:
        print("caught although faults.yaml calls them equivalent:", ", ".join(mistaken))
    sys.exit(bool(by_outcome[SURVIVED] or mistaken))


if __name__ == "__main__":
    main()
