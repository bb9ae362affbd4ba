"""Reports and verdicts on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from codesign.cost.energy import Energy, FabricEnergy
from codesign.cost.error_bars import ErrorBars
from codesign.reporting.console import styled
from codesign.reporting.summary import Resources, SimulatedActivity, Summary, Totals
from codesign.reporting.tables import captioned, plain_table, shorten, show
from codesign.reporting.vendor import HEADINGS, vendor_rows
from codesign.reporting.zones import zone_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from codesign.emit.rtl.simulate import Stalls
    from codesign.reporting.comparison import Comparison, Pair
    from codesign.verification.compare import StageResult, Verification
    from codesign.verification.coverage import Coverage

NAME_WIDTH = 23
WIDEST_BAR = 30
BAR_FIGURES = 46
"""Characters of the line of a resource beside its bar."""


def print_report(summary: Summary, console: Console) -> None:
    """One line a unit, then the totals against the target."""
    with_energy = summary.totals.energy is not None
    figures = ("fold", "MACs", "cycles", "lat us", "LUT", "±", "FF", "BRAM", "DSP")
    table = plain_table(("block", "operator", "output"), figures + (("nJ",) if with_energy else ()), gap=1)
    for unit in summary.units:
        slowest = unit.interval_cycles == summary.totals.interval_cycles
        energy = (_nanojoules(unit.energy),) if with_energy else ()
        table.add_row(
            shorten(unit.name, NAME_WIDTH),
            unit.operator,
            "x".join(map(str, unit.outputs[0].shape)),
            unit.folding,
            engineering(unit.macs) if unit.macs else "",
            f"{unit.interval_cycles:,}",
            f"{unit.latency_us:,.1f}",
            *_resources(unit.resources, unit.error_bars),
            *energy,
            style="bold yellow" if slowest and unit.macs else None,
        )
    table.add_row(
        "streams between the blocks", *[""] * 6, *_resources(summary.totals.streams, summary.totals.error_bars_streams)
    )
    show(table, console)
    _print_reuse(summary, console)
    _print_totals(summary, console)
    print_zones(summary, console)


def print_zones(summary: Summary, console: Console) -> None:
    """Where the operators of the network's file went; nothing for a network from no file."""
    lines = zone_lines(summary)
    if summary.file is None:
        return
    console.print()
    console.print(styled(("from the file", "bold"), f" ({summary.file.format}, without constants)"))
    console.print(captioned(lines))


REUSE_HEADINGS = ("bit operations", "kept", "tree depth", "form", "latency", "LUT", "plain LUT")


def reuse_rows(summary: Summary) -> list[tuple[str, ...]]:
    """The name of every binary convolution and what `REUSE_HEADINGS` says; latency in cycles."""
    return [
        (
            block.name,
            engineering(block.reuse.bit_operations),
            f"{block.reuse.kept:.3f}",
            f"{block.reuse.tree_depth}",
            "wired" if block.reuse.wired else "folded",
            f"{block.latency_cycles:,}",
            f"{block.resources.lut:,}",
            f"{block.reuse.plain_lut:,}",
        )
        for block in summary.blocks
        if block.reuse
    ]


def _print_reuse(summary: Summary, console: Console) -> None:
    """One line a binary convolution; nothing for a network without any."""
    rows = reuse_rows(summary)
    if not rows:
        return
    table = plain_table(("binary layer",), REUSE_HEADINGS, gap=1)
    for name, *figures in rows:
        table.add_row(shorten(name, NAME_WIDTH), *figures)
    console.print()
    show(table, console)


def _print_totals(summary: Summary, console: Console) -> None:
    totals, target = summary.totals, summary.target
    console.print()
    where = f" on {target.board} ({target.part}) at {target.clock_mhz:g} MHz"
    console.print(styled((summary.network, "bold"), where))
    console.print(
        f"{totals.frames_per_s:,.1f} frames/s, latency {totals.latency_ms:.3g} ms, {engineering(totals.macs)} MACs a "
        f"frame, {engineering(totals.parameters)} parameters; slowest block: {totals.bottleneck}"
    )
    width = max(0, min(WIDEST_BAR, console.width - BAR_FIGURES))
    for name in Resources.model_fields:
        used, held = getattr(totals.resources, name), getattr(target.resources, name)
        share = used / held if held else 0.0
        bar = "█" * round(width * min(share, 1))
        error = f"± {half_width:,.0f}" if (half_width := totals.error_bars.of(name)) else ""
        figures = f" {used:>9,g} {error:>7} of {held:>9,g}  {share:6.1%}"
        console.print(styled(f"{name.upper():7}", (f"{bar:░<{width}}", "cyan"), figures))
    if totals.energy:
        console.print(energy_line(totals))
    if summary.activity:
        console.print(activity_line(summary.activity))
    if summary.vendor:
        console.print()
        print_vendor(summary, console)


def print_vendor(summary: Summary, console: Console) -> None:
    """What the vendor's tools found, below what was predicted."""
    table = plain_table(("",), HEADINGS)
    table.add_column("clock")
    for row in vendor_rows(summary):
        table.add_row(row.what, *row.figures, row.timing, style="bold red" if row.late else None)
    show(table, console)


def energy_line(totals: Totals) -> str:
    """What a frame takes, in words."""
    assert totals.energy and totals.energy_incremental
    parts = {name: getattr(totals.energy, name) for name in ("arithmetic", "memory", "ddr", "processor")}
    told = ", ".join(f"{name} {_span(part)}" for name, part in parts.items() if part)
    whole = f"{_span(totals.energy_board)} uJ for the whole board; " if totals.energy_board else ""
    return f"energy a frame: {whole}work adds {_span(totals.energy_incremental)} uJ: {told}"


def activity_line(found: SimulatedActivity) -> str:
    """What the simulated frames say otherwise than the assumed rates, in words."""
    return (
        f"by what {found.images} simulated frames did: {found.changes_a_cycle:.2f} of the bits change in a working "
        f"cycle, {found.assumed_changes_a_cycle:g} are assumed otherwise, by which work would add "
        f"{_span(found.assumed_incremental)} uJ"
    )


def print_comparison(found: Comparison, console: Console) -> None:
    """Both designs' totals, then the blocks that differ: a > b."""
    for letter, design in (("A", found.a), ("B", found.b)):
        verdicts: dict[bool | None, str | tuple[str, str]] = {
            True: "bit-exact",
            False: ("differs", "bold red"),
            None: "not verified",
        }
        verdict = verdicts[design.exact]
        where = f"{design.network} on {design.target} at {design.clock_mhz:g} MHz"
        console.print(styled((letter, "bold"), f" {shorten(design.path, 40)}: {where}, ", verdict))
    console.print()
    table = plain_table(("",), ("A", "B", "B / A"))
    for figure in (figure for figure in found.totals if figure.a is not None or figure.b is not None):
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        style = {"better": "green", "worse": "red", "": None}[figure.verdict]
        table.add_row(figure.name, plain(figure.a), plain(figure.b), ratio, style=style)
    show(table, console)
    differing = [pair for pair in found.blocks if pair.differs]
    if differing:
        console.print()
        show(_pairs(differing), console)
    if len(differing) < len(found.blocks):
        console.print(f"{len(found.blocks) - len(differing)} of {len(found.blocks)} blocks are the same")


def _pairs(pairs: Sequence[Pair]) -> Table:
    table = plain_table(("block", "operator"), [figure.name for figure in pairs[0].figures], gap=1)
    for pair in pairs:
        cells = [plain(f.a) if f.a == f.b else f"{plain(f.a)} > {plain(f.b)}" for f in pair.figures]
        table.add_row(shorten(pair.block, 22), pair.operator, *cells)
    return table


def plain(number: float | None) -> str:
    """All of a whole number, four digits of another; a dash for none."""
    if number is None:
        return "-"
    return f"{number:,.0f}" if number == int(number) or number >= 1000 else f"{number:.4g}"


def print_verification(verdict: Verification, console: Console) -> None:
    """One line a stage, then the verdict or the first difference."""
    table = plain_table(("stage", "verdict"), ("images", "tensors", "values", "seconds"))
    for stage in verdict.stages:
        mark = styled(("exact", "green") if stage.exact else ("DIFFERS", "bold red"))
        counts = (f"{stage.images:,}", f"{stage.tensors:,}", f"{stage.values:,}")
        table.add_row(stage.name, mark, *counts, f"{stage.seconds:.1f}")
    console.print()
    show(table, console)
    if all("brevitas" not in names for names in ([stage.name for stage in verdict.stages], verdict.skipped)):
        console.print("no PyTorch stage: the build was made from a file")
    if verdict.coverage:
        console.print(coverage_line(verdict.coverage))
    for stage in verdict.stages:
        _print_found(stage, console)
    if verdict.first_mismatch is not None:
        console.print(styled(("different", "bold red"), f": {verdict.first_mismatch}"), soft_wrap=True)
    elif verdict.exact and verdict.skipped:
        console.print(styled(("exact in part", "bold yellow"), f": {', '.join(verdict.skipped)} did not run"))
    elif verdict.exact:
        every = f": every value of every stage, on {verdict.images} images"
        console.print(styled(("exact", "bold green"), every))


def _print_found(stage: StageResult, console: Console) -> None:
    """What a stage has found besides values that differ."""
    if stage.problem:
        console.print(styled(("different", "bold red"), f": stage {stage.name}: {stage.problem}"), soft_wrap=True)
    if stage.protocol is not None and not stage.protocol.good:
        console.print(styled((f"stage {stage.name}", "bold red"), f": {stage.protocol}"), soft_wrap=True)
    if stage.ties:
        console.print(f"{stage.ties} ties of stage {stage.name}: float32 sums that float64 decides as the graph does")


def coverage_line(coverage: Mapping[str, Coverage]) -> Text:
    """How much of what a verification should look at it has looked at, and where it has not."""
    cases = [case for covered in coverage.values() for case in covered.cases]
    of, images, missing = (sum(getattr(case, what) for case in cases) for what in ("of", "images", "missing"))
    text = f"covered: {of - missing:,} of {of:,} cases, {images:,} of them with the images alone"
    lacking = [name for name, covered in coverage.items() if covered.missing]
    if not lacking:
        return styled(text)
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return styled(f"{text}; ", (f"not all of {lacking[0]}{more}", "yellow"))


def engineering(number: float) -> str:
    """Three digits and a suffix: 1.23M."""
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.3g}{suffix}"
    return f"{number:.3g}"


def _resources(resources: Resources, bars: ErrorBars) -> tuple[str, ...]:
    error = f"{bars.lut.half_width:,.0f}" if resources.lut else ""
    return f"{resources.lut:,}", error, f"{resources.ff:,}", f"{resources.bram36:g}", f"{resources.dsp}"


def _nanojoules(energy: FabricEnergy | None) -> str:
    return two_digits(1e3 * energy.work.middle_uj) if energy else ""


def _span(energy: Energy) -> str:
    return f"{two_digits(energy.low_uj)} to {two_digits(energy.high_uj)}"


def two_digits(number: float) -> str:
    """Two significant digits, no exponent: the coefficients are no better."""
    return f"{float(f'{number:.2g}'):,g}"


def print_stalls(stalls: Mapping[str, Stalls], binding: str, console: Console) -> None:
    """A line a tensor: cycles in which its beats waited for the next block, and in which that waited for beats."""
    table = plain_table(("tensor",), ("blocked", "awaited", "blocked %"))
    for tensor, found in stalls.items():
        table.add_row(tensor, f"{found.blocked:,}", f"{found.starved:,}", f"{found.blocked_share:.0%}")
    show(table, console)
    console.print(f"what binds: {binding}: the beats before it wait the most, the blocks behind it are awaiting theirs")
