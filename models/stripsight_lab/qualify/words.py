"""How numbers are written in the report, the same in every table. Pure."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from stripsight_lab.evaluate.layout import NONE
from stripsight_lab.qualify.knapp import Estimate
from stripsight_lab.tune.rates import Rate

NOTHING = "–"


def count(rate: Rate) -> str:
    """A rate as its two counts."""
    return f"{rate.hits}/{rate.total}" if rate.total else NOTHING


def share(value: float | None, digits: int = 3) -> str:
    """A share or an area with a fixed number of digits, so that columns line up; a dash for none."""
    return NOTHING if value is None or math.isnan(value) else f"{value:.{digits}f}"


def interval(low: float, high: float, digits: int = 3) -> str:
    """A 95 % interval; a dash where there is none."""
    return NOTHING if math.isnan(low) or math.isnan(high) else f"{share(low, digits)} to {share(high, digits)}"


def rate_interval(rate: Rate) -> str:
    """The 95 % interval of a rate, a dash of nothing."""
    return interval(rate.low, rate.high) if rate.total else NOTHING


def span(found: Estimate) -> str:
    """The 95 % interval of a mean over units."""
    return interval(found.low, found.high)


def signed_span(found: Estimate) -> str:
    """The 95 % interval of a difference, with signs."""
    return NOTHING if math.isnan(found.low) else f"{signed(found.low)} to {signed(found.high)}"


def small(value: float) -> str:
    """A small number such as a spread of scores: 3.1e-07, and 0 for none at all."""
    return "0" if value == 0 else f"{value:.1e}"


def severity(value: float) -> str:
    """How plain a defect is, in words where nobody graded it."""
    return "not graded" if math.isnan(value) else f"{value:.2f}"


def flat(values: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as lines of dotted names and values."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{name}.")
        else:
            yield before + str(name), ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def signed(value: float) -> str:
    """A difference with its sign; a dash for none."""
    return NOTHING if math.isnan(value) else f"{value:+.3f}".replace("-", "−")


def utc(moment: datetime) -> str:
    """A time in UTC, to the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def parts(text: str) -> tuple[str, ...]:
    """A cell such as `46/141 = 0.326 (0.254 to 0.407)` as the parts that a line may break between."""
    if text in (NONE, "none"):
        return (NOTHING,)
    first, bracket, rest = text.partition(" (")
    return (first, "(" + rest) if bracket else (first,)
