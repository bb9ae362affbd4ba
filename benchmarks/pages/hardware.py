"""Makes the tables of docs/hardware.md and docs/report.md, and README's of CoDeNet-c, anew from the results.

python -m benchmarks.pages.hardware
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.pages.passages import DOCS, fill, table
from benchmarks.record import ROOT, load

PAGES = ("hardware.md", "report.md")


def main() -> None:
    for name, made in TABLES.items():
        if found := load(name):
            begin, end = f"<!-- {name}: benchmarks/pages/hardware.py -->\n", f"<!-- end of {name} -->\n"
            for page in PAGES:
                fill(DOCS / page, begin, end, f"\n{made(found)}\n")
    fill(
        ROOT / "README.md",
        "<!-- codenet-c: benchmarks/pages/hardware.py -->\n",
        "<!-- end of codenet-c -->\n",
        _headline(load("codenet_c_pynq")["variants"][0]),
    )


def _headline(found: dict) -> str:
    """One row a figure."""
    board, predicted = found["board"], found["predicted"]
    rate = found["clock_mhz"] * 1e6 / found["interval_cycles"]
    shown = "every value exact" if found["exact"] else "NOT EXACT"
    rows = (
        (
            f"cycles between frames, {found['frames']} frames back to back",
            f"{found['interval_cycles']:,}: {rate:.1f} frames/s",
        ),
        ("verification", f"{found['values']:,} values of all tensors: {shown}"),
        (
            "LUT, FF",
            f"{found['lut']:,} of {board['lut']:,g}, {found['ff']:,} of {board['ff']:,g} "
            f"(predicted {predicted['lut']:,} and {predicted['ff']:,})",
        ),
        (
            "BRAM36, DSP",
            f"{found['bram36']:g} of {board['bram36']:g}, {found['dsp']} of {board['dsp']:g} "
            f"(predicted {predicted['bram36']:g} and {predicted['dsp']})",
        ),
        ("weights from memory", f"{found['ddr_mb_s']:,} MB/s"),
    )
    return "| | |\n|---|---|\n" + "".join(f"| {what} | {figure} |\n" for what, figure in rows)


def _timing(found: dict) -> str:
    rows = []
    for design in found["designs"]:
        used = design["used"]
        area = [used.get(key, 0) for key in ("TRELLIS_COMB", "TRELLIS_FF", "DP16KD", "MULT18X18D")]
        rows.append([design["design"], f"{design['clock_mhz']:.1f}", *(f"{number:,}" for number in area)])
    slowest = min(design["clock_mhz"] for design in found["designs"])
    headings = ("design", "MHz", "LUT4 and carry", "FF", "DP16KD", "MULT18X18D")
    caption = f"{found['part']}; the slowest reaches {slowest:.1f} MHz, {found['goal_mhz']:g} are asked for."
    return f"{table(headings, rows)}\n{caption}\n"


def _blocks(found: dict) -> str:
    rows = []
    for block in found["blocks"]:
        used, predicted = block["synthesized"], block.get("predicted")
        expected = f"{predicted['lut']:,}" if predicted else ""
        area = (f"{used['lut']:,}", expected, f"{used['ff']:,}", f"{used['bram36']:g}", f"{used['dsp']}")
        rows.append([block["block"], *area, f"{block['products_per_dsp']:.2f}" if "products_per_dsp" in block else ""])
    headings = ("block", "LUT", "predicted", "FF", "BRAM36", "DSP", "products a DSP")
    return f"{table(headings, rows)}\n{found['synthesis']}.\n"


def _nngen(found: dict) -> str:
    parts = []
    for network in found["networks"]:
        rows = [
            [f"NNgen ({d['par_ich']}, {d['par_och']})", f"{d['cycles']:,}", f"{d['cycles']:,}", *_area(d)]
            for d in network["nngen"]
        ]
        for design in network["codesign"]:
            if "does_not_fit" in design:
                rows.append([design["goal"], f"does not fit: {design['does_not_fit']}", *[""] * 6])
            else:
                cycles = (f"{design['interval_cycles']:,}", f"{design['latency_cycles']:,}")
                rows.append([design["goal"], *cycles, *_area(design)])
        headings = ("design", "cycles a frame", "latency", "exact", "LUT", "FF", "BRAM36", "DSP")
        title = f"`{network['network']}`, {network['macs']:,} multiplications a frame:"
        parts.append(f"{title}\n\n{table(headings, rows)}")
    return "\n".join([*parts, f"{found['synthesis']}.\n"])


def _area(design: dict) -> list[str]:
    return ["yes" if design["exact"] else "NO", *(f"{design[key]:,g}" for key in ("lut", "ff", "bram36", "dsp"))]


def _efficiency(found: dict) -> str:
    rows = []
    for network in found["networks"]:
        cycles = (f"{network['limit_cycles']:,}", f"{network['interval_cycles']:,}", f"{network['efficiency']:.0%}")
        rows.append([network["network"], f"{network['macs']:,}", *cycles, f"{network['dsp']}", network["binds"]])
    for name, reason in found["do_not_fit"].items():
        rows.append([name, "", "", "", "", "", f"does not fit: {reason}"])
    headings = ("network", "multiplications", "limit, cycles", "interval", "share", "DSP", "what binds")
    return f"{table(headings, rows)}\non {found['target']}.\n"


def _ceilings(found: dict) -> str:
    rows = []
    for row in found["rows"]:
        simulated = "" if row["exact"] is None else f"{row['simulated_cycles']:,}"
        exact = "" if row["exact"] is None else "exact" if row["exact"] else "NOT EXACT"
        area = [f"{row['lut']:,} ({row['lut_share']:.0%})", *(f"{row[key]:,g}" for key in ("ff", "bram36", "dsp"))]
        cycles = (f"{row['interval_cycles']:,}", simulated, exact)
        rows.append(
            [row["name"], row["target"], *cycles, *area, f"{row['products_per_dsp']}", row["peer"], row["binds"]]
        )
    headings = ("network", "target", "cycles a frame", "simulated", "values", "LUT", "FF", "BRAM36", "DSP")
    return table((*headings, "products a DSP and cycle", "peer", "what binds"), rows)


def _whole(found: dict) -> str:
    rows, variants = [], found["variants"]
    for row in variants:
        rate = row["clock_mhz"] * 1e6 / row["interval_cycles"]
        values = f"{row['values']:,} {'exact' if row['exact'] else 'NOT EXACT'}"
        cycles = (f"{row['interval_cycles']:,}", f"{rate:.2f}", f"{row['latency_cycles']:,}", values)
        area = [f"{row[key]:,g} ({row['predicted'][key]:,g})" for key in ("lut", "ff", "bram36", "dsp")]
        rows.append([row["variant"], *cycles, *area, f"{row['ddr_mb_s']}"])
    headings = ("variant", "cycles a frame", "frames/s", "latency", "values", "LUT", "FF", "BRAM36", "DSP", "MB/s")
    board = ", ".join(f"{value:,g} {key.upper()}" for key, value in variants[0]["board"].items())
    return f"{table(headings, rows)}\nAt {variants[0]['clock_mhz']:g} MHz; the board has {board}.\n"


def _schedules(found: dict) -> str:
    rows = []
    for row in found["schedules"]:
        what = [f"{row['configuration']}, {row['order'].replace('_', ' ')}, bound {row['bound']}", row["target"]]
        if "refused" in row:
            rows.append([*what, "", "", *[""] * 4, "", row["refused"]])
        else:
            area = (f"{row['lut']:,}", f"{row['bram36']:g}", f"{row['dsp']}", f"{row['ddr_mb_s']}")
            rate = (f"{row['interval_cycles']:,}", f"{row['frames_per_second']:.2f}")
            rows.append([*what, *rate, *area, f"{row['seconds']:.0f}", row["binds"]])
    headings = ("configuration", "target", "cycles", "frames/s", "LUT", "BRAM36", "DSP", "MB/s", "s", "what binds")
    return table(headings, rows)


def _bitstream(found: dict) -> str:
    placed = found["placed"]
    rows = [[name, f"{used:,}", f"{placed['available'][name]:,}"] for name, used in sorted(placed["used"].items())]
    tools = ", ".join(f"{name} {version}" for name, version in found["tools"].items())
    caption = (
        f"`{found['network']}` on {found['part']}: {placed['clock_mhz']:g} MHz after routing, {found['clock_mhz']:g} "
        f"are used, {found['frames_per_s']:g} frames/s by its schedule; {found['bytes']:,} bytes, made in "
        f"{found['seconds']:.0f} s by {tools}."
    )
    return f"{table(('resource', 'used', 'of'), rows)}\n{caption}\n"


def _cost_model(found: dict) -> str:
    of_samplers = {f"all {sampler}": figures for sampler, figures in found["samplers"].items()}
    rows = []
    for kind, of in [*found["operators"].items(), *of_samplers.items(), ("all", found)]:
        figures = [f"{of['blocks']}"]
        for key in ("lut", "ff"):
            figures += [f"{of[f'{key}_{what}_rel']:.1%}" for what in ("median", "worst", "bar")]
            figures.append(f"{of[f'{key}_within']:.0%}")
        rows.append([kind, *figures])
    of_one = ("median", "worst", "error bar", "within it")
    headings = ("operator", "blocks", *(f"{name}, {what}" for name in ("LUT", "FF") for what in of_one))
    told = [f"DSP differ in {found['dsp_mismatches']} blocks, BRAM in {found['bram_mismatches']}"]
    if cycles := found["cycles"]:
        share = f"cycles, simulated for {cycles['blocks']} small blocks of seed {cycles['seed']}"
        told.append(f"{share}, differ by {cycles['worst_rel']:.2%} at most")
    return f"{table(headings, rows)}\n{'; '.join(told)}.\n"


def _network_cycles(found: dict) -> str:
    rows = []
    for d in found["designs"]:
        figures = []
        for name in ("interval", "latency"):
            cycles = d[f"{name}_cycles"]
            figures += [f"{cycles['predicted']:,}", f"{cycles['simulated']:,}", f"{d[f'{name}_rel']:+.2%}"]
        rows.append([d["recipe"], f"{d['image_size']}", d["target"], f"{d['part']}", f"{d['multipliers']}", *figures])
    heads = ("network", "pixels", "board", "rate", "multipliers", "interval, predicted", "simulated", "error")
    caption = (
        f"{len(rows)} designs; at worst {found['interval_worst_rel']:.2%} of an interval and "
        f"{found['latency_worst_rel']:.2%} of a latency."
    )
    return f"{table((*heads, 'latency, predicted', 'simulated', 'error'), rows)}\n{caption}\n"


def _energy(found: dict) -> str:
    rows = []
    for row in found["rows"]:
        low, high = row["incremental_uj"]
        measured, error = row["incremental_measured_uj"], row["incremental_error"]
        within = "yes" if row["incremental_within_range"] else "NO"
        incremental = (f"{_digits(low, 2)} to {_digits(high, 2)}", _digits(measured, 3), within, f"{error:+.0%}")
        whole = (_digits(row["board_centre_uj"], 4), _digits(row["board_measured_uj"], 4), f"{row['board_error']:+.1%}")
        rows.append([row["network"], "held out" if row["held_out"] else "calibration", *incremental, *whole])
    incremental = ("incremental, predicted, µJ", "measured", "within", "error of the centre")
    headings = ("network", "row", *incremental, "board, centre, µJ", "measured", "error")
    rest, factor = found["processor_w"], found["fabric_factor"]
    told = (
        f"`processor_w`: {rest['low_w']:.3f} to {rest['high_w']:.3f} W, centre {rest['centre_w']:.3f} W, by the "
        f"calibration rows ({found['confidence']:.0%}); a factor on the fabric would be {factor['value']:.1f}, which "
        f"they know as {factor['low']:.1f} to {factor['high']:.1f} only."
    )
    return f"{table(headings, rows)}\n{told}\n"


def _digits(number: float, digits: int) -> str:
    return f"{float(f'{number:.{digits}g}'):,g}"


TABLES: dict[str, Callable[[Any], str]] = {
    "ecp5_timing": _timing,
    "vs_nngen": _nngen,
    "block_synthesis": _blocks,
    "efficiency": _efficiency,
    "ceilings": _ceilings,
    "codenet_c_pynq": _whole,
    "schedules": _schedules,
    "cost_model": _cost_model,
    "network_cycles": _network_cycles,
    "energy": _energy,
    "ulx3s_bitstream": _bitstream,
}
"""What writes the passage about the benchmark of that name."""


if __name__ == "__main__":
    main()
