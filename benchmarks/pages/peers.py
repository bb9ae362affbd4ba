"""Makes the tables of docs/peers.md anew from benchmarks/results/peers.json.

python -m benchmarks.pages.peers
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.pages.passages import DOCS, fill_named, table
from benchmarks.record import load

PAGE = DOCS / "peers.md"
COLUMNS = {
    "clock_mhz": "MHz",
    "interval_cycles": "cycles a frame",
    "frames_per_s": "frames/s",
    "latency_us": "latency, µs",
    "lut": "LUT",
    "ff": "FF",
    "bram36": "BRAM36",
    "dsp": "DSP",
}
"""Figures of a design, by name, and their headings."""

OURS = {"simulated": "S", "synthesized": "Y", "modelled": "M", "setting": "C"}
PEERS = {"board": "B", "implemented": "I", "vendor": "V", "folding": "F", "setting": "C", "estimate": "E"}
"""The mark of each kind of figure."""

Cell = Mapping[str, Any]


def main() -> None:
    found = load("peers")
    fill_named(PAGE, "designs", designs(found))
    fill_named(PAGE, "remarks", _remarks(found["cases"]))


def designs(found: Mapping[str, Any]) -> str:
    headings = ("network", "board", "design", *COLUMNS.values())
    return table(headings, [line for case in found["cases"] for line in _lines(case, found["rows"])], others="---")


def _lines(case: Mapping[str, Any], rows: list[dict[str, Any]]) -> Iterator[list[str]]:
    """That of the peer, and ours; none of a case of which no row was made yet."""
    peer = case["peer"]
    ours = [row for row in rows if all(row[key] == case[key] for key in ("network", "target")) and _of(row, peer)]
    if not ours:
        return
    weights = f"[{case['weights']} weights]({case['link']})"
    name = f"[{peer['name']}]({peer['source']})" if peer["source"] else peer["name"]
    yield [f"**{case['network']}**, {weights}", case["target"], name, *map(published, figures_of_peer(peer))]
    for row in ours:
        if "refused" in row:
            yield ["", "", f"ours {row['goal']}: refused, {row['refused']}", *[""] * len(COLUMNS)]
        else:
            yield ["", "", f"ours {row['goal']}", *map(own, figures_of_ours(row))]


def _of(row: Mapping[str, Any], peer: Mapping[str, Any]) -> bool:
    return bool(row["peer"] == peer["name"])


def figures_of_peer(peer: Mapping[str, Any]) -> list[Cell | None]:
    """Its cells by the columns; what follows from its cycles and its clock is as sure as its cycles."""
    figures = dict(peer["figures"])
    clock = figures.get("clock_mhz")
    if clock and "frames_per_s" not in figures and (cycles := figures.get("interval_cycles")):
        figures["frames_per_s"] = {**cycles, "value": clock["value"] * 1e6 / cycles["value"]}
    if clock and (cycles := figures.get("latency_cycles")):
        figures["latency_us"] = {**cycles, "value": cycles["value"] / clock["value"]}
    return [figures.get(name) for name in COLUMNS]


def figures_of_ours(row: Mapping[str, Any]) -> list[Cell | None]:
    figures, clock = dict(row["figures"]), row["clock_mhz"]
    cycles, latency = figures["interval_cycles"], figures["latency_cycles"]
    figures["clock_mhz"] = {"value": clock, "kind": "setting"}
    figures["frames_per_s"] = {**cycles, "value": clock * 1e6 / cycles["value"]}
    figures["latency_us"] = {**latency, "value": latency["value"] / clock}
    return [figures.get(name) for name in COLUMNS]


def published(cell: Cell | None) -> str:
    """A figure of another tool, marked, with a link to where it can be read; empty if there is none."""
    return f"{_number(cell['value'])} [{PEERS[cell['kind']]}]({cell['source']})" if cell else ""


def own(cell: Cell | None) -> str:
    """A figure of ours, marked; of the cost model's, with its error bar."""
    if cell is None:
        return ""
    error = f" ± {_number(cell['error'])}" if cell.get("error") else ""
    return f"{_number(cell['value'])}{error} {OURS[cell['kind']]}"


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.1f}".removesuffix(".0") if value >= 10 else f"{value:.3g}"


def _remarks(cases: list[dict[str, Any]]) -> str:
    """What differs between a peer's figures and ours."""
    lines = dict.fromkeys(
        f"- {case['network']}, {case['peer']['name']}: {case['peer']['remark']}."
        for case in cases
        if case["peer"]["remark"]
    )
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
