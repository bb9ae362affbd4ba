"""The curve of group sizes as a picture."""

from __future__ import annotations

from io import BytesIO

from codesign.tuning.group_size import Curve, merit


def png(curve: Curve) -> bytes:
    """Multiplications, cycles, energy and merit by group size, each as a part of its largest; a line at the chosen."""
    from matplotlib.figure import Figure

    sizes = [p.group_size for p in curve.points]
    lines = {
        "multiplications": [float(p.macs) for p in curve.points],
        "cycles": [float(p.interval_cycles) for p in curve.points],
        "energy": [p.middle_uj for p in curve.points],
        "merit": [merit(p.macs, p.middle_uj, p.interval_cycles) for p in curve.points],
    }
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    panel = figure.subplots()
    for label, values in lines.items():
        width = 2.5 if label == "merit" else 1.2
        panel.plot(sizes, [value / max(values) for value in values], "o-", lw=width, label=label)
    panel.axvline(curve.chosen.group_size, color="0.6", ls="--", lw=1)
    panel.set_xscale("log", base=2)
    panel.set_xticks(sizes, [str(size) for size in sizes])
    panel.set_ylim(0, 1.05)
    panel.set_xlabel("channels a group")
    panel.set_ylabel("part of the largest")
    panel.set_title(f"{curve.stack} on {curve.target}", fontsize=10)
    panel.legend(fontsize=8)
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    return picture.getvalue()
