"""What a report says about the promises of the service. Pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from stripbench.percentiles import Interval, percentile, ratio, slope
from stripbench.report import Report

SERVICE, BARE, PLAIN = "service", "bare graph", "plain service"


@dataclass(frozen=True)
class Claim:
    """One figure, its 95 % interval where it is a ratio or a slope, and the goal, met or not; None without a goal."""

    what: str
    found: Interval
    unit: str = ""
    goal: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        """The figure, with its interval in brackets."""
        value, low, high = (f"{x:.3g}" if abs(x) < 1000 else f"{x:.0f}" for x in vars(self.found).values())
        sure = "" if math.isnan(self.found.low) else f" ({low} to {high})"
        return f"{value}{sure}{self.unit and ' ' + self.unit}"


def claims(report: Report) -> list[Claim]:
    """All that the report has the strips for."""
    return [*_speed(report), *_slot(report), *_start(report), *_flat(report)]


def at_most(what: str, found: Interval, limit: float, unit: str = "") -> Claim:
    """A figure that must not exceed `limit`; NaN does not keep it."""
    return Claim(what, found, unit, f"at most {limit:g}{unit and ' ' + unit}", found.value <= limit)


def _speed(report: Report) -> Iterator[Claim]:
    ours, bare, plain = (report.phases["in turn"][name].round_trip_ms for name in (SERVICE, BARE, PLAIN))
    yield at_most("p50 in turn, service / bare graph", ratio(ours, bare, 0.5), 1.15)
    faster = ratio(plain, ours, 0.5)
    yield Claim("p50 in turn, plain service / service", faster, goal="at least 4", met=faster.value >= 4)
    gap = percentile(report.phases["back to back"][BARE].round_trip_ms, 0.5) / report.floors.floor_ms
    yield Claim("p50 back to back, bare graph / floor", _point(gap))


def _slot(report: Report) -> Iterator[Claim]:
    strips = report.phases["slot run"][SERVICE]
    middle, high = (float(percentile(strips.after_due_ms, share)) for share in (0.5, 0.99))
    late = _point(strips.late(report.settings.slot_ms))
    yield at_most(f"late of {len(strips.after_due_ms)} strips in the slot run", late, 0)
    yield at_most("p99 in the slot run", _point(high), 350, "ms")
    yield at_most("p99 / p50 in the slot run", _point(high / middle), 1.5)
    pictures = report.phases["heatmaps"]
    if "viewers" in report.phases:  # not in reports from before there were any
        nobody, many = (series.round_trip_ms for series in report.phases["viewers"].values())
        yield at_most("p99, 20 viewers with pictures / none", ratio(many, nobody, 0.99), 1.1)
    yield at_most(
        "p99, all heatmaps / none", ratio(pictures["all"].round_trip_ms, pictures["none"].round_trip_ms, 0.99), 1.1
    )


def _start(report: Report) -> Iterator[Claim]:
    cold, strips = report.cold_start, report.phases["slot run"][SERVICE].round_trip_ms
    yield at_most(f"slowest of {len(cold.to_serving_s)} cold starts", _point(max(cold.to_serving_s)), 5, "s")
    if len(strips) >= 110:
        yield at_most("p50, first strip / strips 91 to 110", ratio(cold.first_strip_ms, strips[90:110], 0.5), 1)


def _flat(report: Report) -> Iterator[Claim]:
    for strips in report.phases.get("flat run", {}).values():
        yield _level("memory", strips.rss_mib, "MiB")
        yield _level("descriptors", strips.descriptors, "")
        yield _level("round trip", strips.round_trip_ms, "ms")


def _level(what: str, values: list[float] | list[int], unit: str) -> Claim:
    found = slope(values)
    met = found.low <= 0  # falling is no fault
    return Claim(f"{what}, slope over {len(values)} strips", found, f"{unit} / 1000 strips".strip(), "not rising", met)


def _point(value: float) -> Interval:
    return Interval(float(value), math.nan, math.nan)
