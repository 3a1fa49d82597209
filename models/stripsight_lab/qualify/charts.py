"""Charts as SVG that stands in the page: no file beside it, text stays text, no colour carries meaning alone."""

import io
import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from stripsight_lab.qualify.knapp import KnappKushner
from stripsight_lab.tune.maxima import Floats, Ints

# Okabe and Ito's palette, told apart with every kind of colour vision.
GOOD, DEFECTIVE, INK, FAINT = "#0072b2", "#d55e00", "#1a1a1a", "#d9d9d9"
_STYLE = Path(__file__).parent / "page" / "chart.mplstyle"
_LEAST, _MOST = 1 / 64, 256.0  # score / threshold; what is beyond is counted at the edge
_TICKS = 5
_COLUMNS = 4
_DOT = 16  # square points


def histograms(good: Floats, defective: Floats, names: Sequence[str]) -> str:
    """Largest score / threshold of each region of good [G, R] and defective [D, R] acquisitions: R histograms."""
    # In powers of two, on a plain axis: a logarithmic one spends seconds on ticks that nobody sees.
    logs = [np.log2(np.clip(each, _LEAST, _MOST)) for each in (good, defective)]  # infinite scores join the largest
    both = np.concatenate(logs)
    bins = np.linspace(both.min(), max(both.max(), 0.1), 41)
    regions = good.shape[1]
    with mpl.rc_context(fname=_STYLE):
        rows, columns = -(-regions // _COLUMNS), min(regions, _COLUMNS)
        figure = Figure(figsize=(8.6, 0.5 + 1.9 * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        counts = [[np.histogram(each[:, region], bins)[0] for each in logs] for region in range(regions)]
        for axes, (ours, theirs), name in zip(grid.flat, counts, names, strict=False):  # some places stay empty
            _histogram(axes, ours, theirs, bins)
            axes.set_title(name)
        grid.flat[0].set_ylim(0, 1.5 * np.max(counts))
        for axes in grid.flat[regions:]:
            axes.set_axis_off()
        for axes in grid[:, 0]:
            axes.set_ylabel("acquisitions")
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=3)
        figure.supxlabel("score / threshold (logarithmic)", fontsize=8)
        return _svg(figure)


def _histogram(axes: Axes, good: Ints, defective: Ints, bins: Floats) -> None:
    axes.stairs(good, bins, fill=True, color=GOOD, alpha=0.35, label="good")
    axes.stairs(defective, bins, color=DEFECTIVE, linewidth=1.2, linestyle=(0, (3, 1)), label="defective")
    axes.axvline(0, color=INK, linewidth=1, label="threshold")
    axes.set_yscale("symlog", linthresh=1)
    low, high = int(np.ceil(bins[0])), int(np.floor(bins[-1]))
    step = 1 + (high - low) // _TICKS
    powers = [power for power in range(low, high + 1) if power % step == 0]  # 0, the threshold, is one of them
    axes.set_xticks(powers, [f"1/{2**-power}" if power < 0 else f"{2**power}" for power in powers])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:g}"))


def roc(false_reject_rates: Floats, detection_rates: Floats, used: tuple[float, float]) -> str:
    """Detection rate over false-reject rate, whole and its first tenth; `used` is where the thresholds stand."""
    with mpl.rc_context(fname=_STYLE):
        figure = Figure(figsize=(7.1, 3.0), layout="constrained")
        for axes, width in zip(figure.subplots(1, 2), (1.0, 0.1), strict=True):
            axes.step(false_reject_rates, detection_rates, where="post", color=GOOD, linewidth=1.3)
            if used[0] <= width:
                axes.plot(*used, "D", color=DEFECTIVE, clip_on=False, label="thresholds of this bundle")
                axes.legend(loc="lower right")
            axes.set_xlim(0, width)
            axes.set_ylim(0, 1)
            axes.grid(color=FAINT, linewidth=0.5)
            axes.set_xlabel("false-reject rate")
            axes.set_ylabel("detection rate")
            axes.set_title("whole" if width == 1 else "up to 0.1")
        return _svg(figure)


def zones(found: KnappKushner, defective: Sequence[bool], simulated: bool) -> str:
    """p of each unit by machine over p by people, with the zones; a simulated panel's chart says so in large type."""
    with mpl.rc_context(fname=_STYLE):
        figure = Figure(figsize=(7.1, 3.9), layout="constrained")
        axes = figure.subplots()
        axes.axvspan(-0.04, found.limits.accept, color=FAINT, alpha=0.45, linewidth=0)
        axes.axvspan(found.limits.reject, 1.04, color=FAINT, alpha=0.45, linewidth=0)
        axes.plot([0, 1], [0, 1], color="#808080", linewidth=0.6, linestyle=(0, (4, 3)))
        truth = np.asarray(defective, np.bool_)
        for which, colour, marker, name in ((~truth, GOOD, "o", "good"), (truth, DEFECTIVE, "^", "defective")):
            x, y, sizes = _bubbles(found.manual_p[which], found.machine_p[which])
            axes.scatter(x, y, sizes, color=colour, marker=marker, alpha=0.6, linewidths=0)
            axes.scatter([], [], s=_DOT, color=colour, marker=marker, alpha=0.6, linewidths=0, label=name)
        for at, name, side in (
            (0.0, "accept zone", "left"),
            (0.5, "grey zone", "center"),
            (1.0, "reject zone", "right"),
        ):
            axes.text(at, 1.09, name, ha=side, va="center", color=INK)
        axes.set_xlim(-0.04, 1.04)
        axes.set_ylim(-0.06, 1.14)
        axes.set_xlabel("p by SIMULATED INSPECTORS" if simulated else "p by people")
        if simulated:
            figure.suptitle("SIMULATED INSPECTORS", fontsize=13, fontweight="bold", x=0.01, ha="left")
        axes.set_ylabel("p by the machine")
        figure.legend(loc="outside right upper")
        return _svg(figure)


def _bubbles(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Places and sizes [K]: units at the same place become one larger mark."""
    places, counts = np.unique(np.stack([x, y]), axis=1, return_counts=True)
    return places[0], places[1], (_DOT * counts**0.7).astype(np.float64)


def _svg(figure: Figure) -> str:
    """The figure as an <svg> that is as wide as its place; what names another document is left out."""
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    return re.sub(r'^(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'^(<svg[^>]*?) height="[^"]*"', r"\1", svg))
