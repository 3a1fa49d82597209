"""The latency distribution of those who were measured, as a picture."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stripbench.claims import BARE, PLAIN, SERVICE
from stripbench.percentiles import percentile
from stripbench.report import Report

# Okabe and Ito's palette, told apart with every kind of colour vision; the dashes tell them apart without colour.
_LINES = {SERVICE: ("#0072b2", "solid"), BARE: ("#1a1a1a", "dotted"), PLAIN: ("#d55e00", "dashed")}
_SLOT = "#767676"


def draw(report: Report, path: Path) -> None:
    """Write the figure to `path`; the same report gives the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "stripbench", "font.size": 9}):
        figure = Figure(figsize=(7.2, 3.7), layout="constrained")
        _distribution(figure.subplots(), report)
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
        figure.savefig(path, metadata={"Date": None})


def _distribution(axes: Axes, report: Report) -> None:
    slot_ms = report.settings.slot_ms
    series = {name: report.phases["in turn"][name].round_trip_ms for name in _LINES}
    for name, values in series.items():
        colour, dashes = _LINES[name]
        label = f"{name}, p50 {percentile(values, 0.5):.0f} ms"
        axes.ecdf(values, color=colour, linestyle=dashes, linewidth=1.8, label=label)
    axes.axvline(slot_ms, color=_SLOT, linewidth=1, label=f"the slot, {slot_ms:.0f} ms")
    axes.set_xlim(0, 1.05 * max(slot_ms, *(max(values) for values in series.values())))
    axes.set_xlabel("round trip of one strip, ms")
    axes.set_ylabel("share of the strips")
    axes.set_title(f"{report.facts.machine}, {report.facts.cores} cores, {report.facts.provider}", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
