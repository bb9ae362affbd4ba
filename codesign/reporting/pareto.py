"""The candidates of a search as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from codesign.tuning.search import Candidate

AXES = {"latency_ms": "latency, ms", "energy_uj": "energy a frame, µJ", "size_kib": "weights, KiB"}


def png(candidates: Sequence[Candidate], title: str, quality: str) -> bytes:
    """Quality over latency, energy and size; those that no other beats in all four are filled and numbered."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    figure = Figure(figsize=(11, 4), layout="constrained")
    panels = figure.subplots(1, len(AXES), sharey=True)
    for panel, (name, label) in zip(panels, AXES.items(), strict=True):
        for best, colour in ((False, "none"), (True, "C0")):
            some = [c for c in candidates if c.best == best]
            panel.scatter(
                [getattr(c.figures, name) for c in some],
                [c.figures.quality for c in some],
                facecolors=colour,
                edgecolors="C0" if best else "0.6",
                s=22,
            )
        for c in candidates:
            if c.best:
                place = (getattr(c.figures, name), c.figures.quality)
                panel.annotate(str(c.number), place, xytext=(3, 3), textcoords="offset points", fontsize=7)
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.set_xlabel(label)
    panels[0].set_ylabel(quality)
    figure.suptitle(title, fontsize=10)
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    return picture.getvalue()
