"""A report as tables of text, for the terminal and for the page. Pure."""

from dataclasses import dataclass

from stripbench.claims import SERVICE, claims
from stripbench.percentiles import SHARES, percentiles
from stripbench.report import Report, Series


@dataclass(frozen=True)
class Grid:
    """A table: title, names of the columns, rows. The first column is text, the others are figures."""

    title: str
    header: list[str]
    rows: list[list[str]]


def grids(report: Report) -> list[Grid]:
    """All tables, the most important first."""
    return [_claims(report), _latency(report), _cost(report), _stages(report), _floors(report), _facts(report)]


def _claims(report: Report) -> Grid:
    words = {True: "yes", False: "NO", None: ""}
    rows = [[claim.what, str(claim), claim.goal, words[claim.met]] for claim in claims(report)]
    return Grid("Goals", ["figure", "measured (95 %)", "goal", "met"], rows)


def _named(report: Report) -> list[tuple[str, str, Series]]:
    """Each series with its phase, and both in words."""
    phases = report.phases.items()
    return [(phase, f"{phase}: {name}", series) for phase, found in phases for name, series in found.items()]


def _latency(report: Report) -> Grid:
    rows = [[words, *_spread(_shown(phase, series))] for phase, words, series in _named(report)]
    return Grid("Round trip, ms", ["phase", *SHARES], rows)


def _shown(phase: str, series: Series) -> list[float]:
    """On the line a strip's time runs from when it was due; elsewhere nothing waits."""
    return series.after_due_ms if phase == "slot run" else series.round_trip_ms


def _cost(report: Report) -> Grid:
    rows = [[words, *_costs(series, report.settings.slot_ms)] for _, words, series in _named(report)]
    return Grid("Strips and what they cost", ["phase", "strips", "late", "CPU ms a strip", "most RSS, MiB"], rows)


def _costs(series: Series, slot_ms: float) -> list[str]:
    strips = len(series.cpu_ms)
    return [str(strips), str(series.late(slot_ms)), f"{sum(series.cpu_ms) / strips:.0f}", f"{max(series.rss_mib):.0f}"]


def _stages(report: Report) -> Grid:
    stages = report.phases["slot run"][SERVICE].stages_ms
    rows = [[name, *_spread(values), str(len(values))] for name, values in stages.items()]
    return Grid("Stages of the service in the slot run, ms", ["stage", *SHARES, "strips"], rows)


def _floors(report: Report) -> Grid:
    floors = report.floors
    rows = [
        ["arithmetic", f"{floors.flops / 1e9:.1f} GFLOP", f"{floors.flops_per_s / 1e9:.1f} GFLOP/s"],
        ["memory", f"{floors.moved_bytes / 1e6:.0f} MB", f"{floors.bytes_per_s / 1e9:.1f} GB/s"],
    ]
    least = [f"{floors.arithmetic_ms:.1f}", f"{floors.memory_ms:.1f}"]
    rows = [[*row, ms] for row, ms in zip(rows, least, strict=True)]
    return Grid("Floors of the graph", ["floor", "a strip", "this machine", "least ms"], rows)


def _facts(report: Report) -> Grid:
    facts, settings = report.facts, report.settings
    starts = ", ".join(f"{seconds:.1f}" for seconds in report.cold_start.to_serving_s)
    rows = [
        ["date", facts.date],
        ["commit", facts.commit],
        ["bundle", facts.bundle_id[:12]],
        ["machine", f"{facts.machine}, {facts.cores} cores, {facts.memory_gib:g} GiB, {facts.system}"],
        ["load before", f"{facts.load:g}"],
        ["provider", f"{facts.provider}, {settings.threads} threads"],
        ["cadence and slot", f"{settings.cadence_ms:g} ms and {settings.slot_ms:g} ms"],
        ["cold starts", f"{starts} s"],
        ["versions", ", ".join(f"{name} {version}" for name, version in facts.versions.items())],
    ]
    return Grid("Where and with what", ["", ""], rows)


def _spread(values: list[float]) -> list[str]:
    return [f"{value:.1f}" if value < 100 else f"{value:.0f}" for value in percentiles(values).values()]
