"""The report of a lot: one HTML file that needs nothing beside it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from stripsight.journal.lot import Lot, spread
from stripsight.journal.reader import Checked

_BARS = 24
_STRIPS_MAX = 500


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram: from and to in milliseconds, how many, and its height from 0 to 100."""

    low: float
    high: float
    count: int
    height: float


def page(lot: Lot, checked: Checked, made: datetime) -> str:
    """Write the report. `checked` is what the verification of the whole record came to."""
    environment = Environment(
        loader=PackageLoader("stripsight.journal", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["time"] = moment
    environment.filters["utc"] = lambda at: f"{at:%Y-%m-%d %H:%M:%S}"
    vials, regions = lot.places
    refused = [strip for strip in lot.strips if strip.verdict != "ACCEPT"]
    return environment.get_template("lot.html.j2").render(
        lot=lot,
        vials=vials,
        regions=regions,
        spread=spread(lot.times_ms),
        bars=bars(lot.times_ms),
        checked=checked,
        made=made,
        not_accepted=refused[:_STRIPS_MAX],
        left_out=max(0, len(refused) - _STRIPS_MAX),
        simulated=sum(strip.record.simulated for strip in lot.strips),
    )


def write_report(lot: Lot, checked: Checked, path: Path) -> None:
    """Write the report to a file. Raises OSError."""
    path.write_text(page(lot, checked, datetime.now(UTC)), encoding="utf-8")


def moment(utc_us: int) -> str:
    """Write a time for people: UTC, to the millisecond."""
    whole = datetime.fromtimestamp(utc_us // 1_000_000, UTC)
    return f"{whole:%Y-%m-%d %H:%M:%S}.{utc_us % 1_000_000 // 1000:03d}"


def bars(times_ms: list[float]) -> list[Bar]:
    """Return a histogram of times, in equal steps from 0 to the longest; none without times."""
    if not times_ms:
        return []
    step = max(times_ms) / _BARS or 1.0
    counts = [0] * _BARS
    for value in times_ms:
        counts[min(int(value / step), _BARS - 1)] += 1
    most = max(counts)
    return [Bar(at * step, (at + 1) * step, count, 100 * count / most) for at, count in enumerate(counts)]
