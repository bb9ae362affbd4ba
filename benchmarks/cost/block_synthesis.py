"""What representative blocks take on an xc7, synthesized with Yosys, beside the cost model; products a DSP slice makes.

    python -m benchmarks.cost.block_synthesis [WORD ...]

The blocks are those of `block_cases.py`. With words, only blocks whose names contain one of them are run; results of
the others are kept. Writes benchmarks/results/block_synthesis.json.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.cost.block_cases import Case, cases
from benchmarks.record import SYNTHESIS, load, save
from codesign.emit.rtl import library
from codesign.resources import rtl_dir
from codesign.schedule import Resources
from codesign.synthesis import synthesize_module, yosys

NAME = "block_synthesis"
SOURCES = ("benchmarks/cost/block_synthesis.py", "benchmarks/cost/block_cases.py", "codesign/cost/**/*", *SYNTHESIS)


def measure(case: Case) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for memory in case.block.memories:
            memory.write(folder)
        files = library.sources([case.block.module], rtl_dir())
        used = synthesize_module(files, case.block.module, case.block.parameters, folder=folder)
    result: dict[str, object] = {
        "block": case.name,
        "synthesized": asdict(Resources(used.lut, used.ff, used.bram36, used.dsp)),
    }
    if case.predicted:
        result["predicted"] = asdict(Resources() + case.predicted)
        if used.dsp:
            result["products_per_dsp"] = round(case.predicted.multipliers / used.dsp, 2)
    return result


def show(result: dict) -> None:
    figures = " ".join(f"{result['synthesized'][key]:7g}" for key in ("lut", "ff", "bram36", "dsp"))
    predicted = f"(LUT {result['predicted']['lut']})" if "predicted" in result else ""
    rate = f"{result['products_per_dsp']} a DSP" if "products_per_dsp" in result else ""
    print(f"{figures}  {result['block']} {predicted} {rate}", flush=True)


def main(words: list[str]) -> None:
    kept = {r["block"]: r for r in load(NAME).get("blocks", [])}
    everything = list(cases())
    found = {case.name: kept[case.name] for case in everything if case.name in kept}
    print("    LUT      FF  BRAM36     DSP")
    for case in everything:
        if words and not any(word in case.name for word in words):
            continue
        found[case.name] = measure(case)
        show(found[case.name])
        ordered = [found[case.name] for case in everything if case.name in found]
        text = {"synthesis": f"pyosys {yosys.version()}, synth_xilinx", "blocks": ordered}
        save(NAME, text, SOURCES, whole=not words and case is everything[-1])


if __name__ == "__main__":
    main(sys.argv[1:])
