"""Makes the tables of docs/trust.md anew from trust.json, mutants.json, python_mutants.json and sabotage.json of
benchmarks/results.

python -m benchmarks.pages.trust
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.pages.passages import DOCS, fill_named, table
from benchmarks.record import RESULTS

PAGE = DOCS / "trust.md"
Row = dict[str, Any]


def main() -> None:
    shown = json.loads((RESULTS / "trust.json").read_text())
    mutants = json.loads((RESULTS / "mutants.json").read_text())["mutants"]
    fill_named(PAGE, "figures", _figures(shown))
    fill_named(PAGE, "operators", _operators(shown))
    fill_named(PAGE, "proofs", _proofs(shown["proofs"]))
    fill_named(PAGE, "mutants", _mutants(shown, mutants))
    if figures := shown.get("python_mutants"):  # once all of the sample has been tried
        of_python = json.loads((RESULTS / "python_mutants.json").read_text())["mutants"]
        fill_named(PAGE, "python mutants", _python_mutants(figures, of_python))
    sabotage = json.loads((RESULTS / "sabotage.json").read_text())["faults"]
    fill_named(PAGE, "sabotage", _sabotage(sabotage))


def _figures(shown: Mapping[str, Any]) -> str:
    proved = {(proof["module"], str(proof["parameters"])) for proof in shown["proofs"]}
    modules = {proof["module"] for proof in shown["proofs"]}
    properties = {(proof["module"], proof["property"]) for proof in shown["proofs"]}
    failing = sum(proof["result"] == "fails" for proof in shown["proofs"])
    return table(
        ["command", "figure"],
        [
            ["`make fuzz`", f"{shown['networks']} networks through ONNX Runtime, {shown['networks_compiled']} others "
             f"through C simulation and RTL: {shown['mismatches']} mismatches"],
            ["`make formal`", f"{len(properties)} properties of {len(modules)} modules, under {len(proved)} sets of "
             f"parameters: {failing} of {len(shown['proofs'])} proofs fail"],
            ["`make mutants`", f"{shown['mutants']} mutants of the library, {shown['caught']} caught: "
             f"{shown['caught'] / shown['mutants']:.1%}"],
            *_of_python(shown.get("python_mutants")),
            ["`make sabotage`", f"{shown['sabotages']['faults']} faults: {shown['sabotages']['caught']} caught, "
             f"{shown['sabotages']['equivalent']} equivalent, {len(shown['sabotages']['survivors'])} survive"],
            ["`make hostile`", f"{shown['hostile_files']} files, {shown['crashes']} crashes"],
            ["`make kills`", f"{shown['kills']} kills, {shown['lost']} losses"],
        ],
        others="---",
    )  # fmt: skip


def _sabotage(faults: Sequence[Row]) -> str:
    """A row for each kind of fault; how many each stage found first."""
    kinds: dict[str, list[Row]] = {}
    for fault in faults:
        kinds.setdefault(fault["kind"], []).append(fault)
    rows = []
    for kind, found in sorted(kinds.items(), key=lambda entry: -len(entry[1])):
        by = [str(sum(f["stage"] == stage for f in found)) for stage in ("blocks", "rtl")]
        left = ", ".join(f"`{f['id']}` ({f['outcome']})" for f in found if f["outcome"] != "caught")
        rows.append([kind, str(len(found)), *by, left])
    return table(["kind", "faults", "found by `blocks`", "by `rtl`", "not found"], rows, others="---")


def _operators(shown: Mapping[str, Any]) -> str:
    """Networks with each operator, and with each kind of folding."""
    through = [shown["networks_with"], shown["networks_compiled_with"]]
    rows = []
    for what in sorted({key for counts in through for key in counts if not key.startswith("bits")}):
        kind, _, name = what.partition(" ")
        label = f"`{name}`" if kind == "operator" else name
        rows.append([label, *(str(counts.get(what, "" if kind == "folding:" else 0)) for counts in through)])
    widths = [sorted(int(key.split()[1]) for key in counts if key.startswith("bits")) for counts in through]
    rows.append(["widths, in bits", *(f"{w[0]} to {w[-1]}" for w in widths)])
    return table(["", f"of {shown['networks']}", f"of {shown['networks_compiled']} compiled"], rows, others="---")


def _proofs(proofs: Sequence[Row]) -> str:
    """A row for every module, with the parameters that differ from its proof's own."""
    modules: dict[str, list[Row]] = {}
    for proof in proofs:
        modules.setdefault(proof["module"], []).append(proof)
    rows = []
    for module, found in modules.items():
        sets = [", ".join(f"{k} {v}" for k, v in proof["parameters"].items()) or "its own" for proof in found]
        properties = [proof["property"].replace("_", " ") for proof in found]
        results = [proof["result"] for proof in found]
        rows.append([f"`{module}`", *(_once(part) for part in (sets, properties, results))])
    return table(["module", "parameters", "properties", "result"], rows, others="---")


def _once(parts: Sequence[str]) -> str:
    """Each part once."""
    return "; ".join(dict.fromkeys(parts))


def _mutants(shown: Mapping[str, Any], mutants: Sequence[Row]) -> str:
    every = shown["mutants"] + shown["equivalent"]
    files = {row["file"] for row in mutants if row["outcome"] in ("caught", "survived", "equivalent")}
    text = (
        f"Of {every} mutants of {len(files)} files, {shown['equivalent']} behave as the original. "
        f"Of the other {shown['mutants']}, {shown['caught']} are caught: {shown['caught'] / shown['mutants']:.1%}. "
        f"With the equivalent ones counted as not caught, it is {shown['caught'] / every:.1%}.\n"
    )
    survivors = [row for row in mutants if row["outcome"] == "survived"]
    rows = [[f"`{row['file']}:{row['line']}`", f"`{row['code']}`", f"`{row['mutation']}`"] for row in survivors]
    return text + (
        f"\n{table(['survivor', 'line', 'mutation'], rows, others='---')}" if rows else "\nThere are no survivors.\n"
    )


def _python_mutants(figures: Mapping[str, int], mutants: Sequence[Row]) -> str:
    text = (
        f"Of {figures['tried']} mutants of {len({row['file'] for row in mutants})} files, {figures['equivalent']} "
        f"behave as the original. Of the other {_unlike(figures)}, {figures['caught']} are caught: "
        f"{_part(figures):.1%}. With the equivalent ones counted as not caught, it is "
        f"{figures['caught'] / figures['tried']:.1%}.\n"
    )
    rows = [
        [f"`{row['file']}:{row['line']}`", _code(row["code"]), _code(row["mutated"])]
        for row in mutants
        if row["outcome"] == "survived"
    ]
    return text + (f"\n{table(['survivor', 'line', 'mutated'], rows, others='---')}" if rows else "")


def _of_python(figures: Mapping[str, int] | None) -> list[list[str]]:
    if not figures:
        return []
    caught = f"{figures['caught']} caught: {_part(figures):.1%}"
    return [["", f"{_unlike(figures)} mutants of the Python code, {caught}"]]


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _unlike(figures: Mapping[str, int]) -> int:
    """Mutants that do not behave as the original."""
    return figures["tried"] - figures["equivalent"]


def _part(figures: Mapping[str, int]) -> float:
    return figures["caught"] / _unlike(figures)


if __name__ == "__main__":
    main()
