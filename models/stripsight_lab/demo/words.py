"""How results are written for people, the same in the live view, in plain lines and at the end. Pure."""

from stripsight_lab.demo.results import Result, Spread, Summary
from stripsight_lab.evaluate import Rate


def sign(result: Result) -> str:
    """The sign that carries right or wrong where colour does not."""
    return "✗" if result.misjudged or result.fail_safe else "✓"


def truth(result: Result) -> str:
    """What the strip is, in words."""
    return f"{result.truth.vial} {result.truth.kind}" if result.truth.defective else "good"


def severity(result: Result) -> str:
    """How plain the defect is, "" for a good strip."""
    return f"{result.truth.severity:.2f}" if result.truth.defective else ""


def why(result: Result) -> str:
    """The place that decided, or what stood in the way of a judgement."""
    if result.error:
        return "late" if result.late else result.error.partition(":")[0].lower().replace("_", " ")
    if result.late:
        return "late"
    other = [cause.lower().replace("_", " ") for cause in result.causes if cause != "ANOMALY"]
    if other:
        return other[0]
    return f"{result.decider.vial} {result.decider.region}" if result.decider else "no result"


def margin(result: Result) -> str:
    """The deciding region's margin with its sign, "" without one."""
    return f"{result.decider.margin:+.4f}" if result.decider else ""


def percent(rate: Rate) -> str:
    """A rate in per cent, "-" of nothing."""
    return f"{rate.value:.1%}".replace("%", " %") if rate.total else "-"


def interval(rate: Rate) -> str:
    """The 95 % interval of a rate in per cent, "-" of nothing."""
    low, high = rate.interval()
    return f"{100 * low:.1f} to {100 * high:.1f} %" if rate.total else "-"


def count(rate: Rate) -> str:
    """A rate as its two counts."""
    return f"{rate.hits}/{rate.total}"


def times(found: Spread | None) -> tuple[str, str, str]:
    """The 50th and 99th percentile and the largest, in ms."""
    if found is None:
        return "-", "-", "-"
    return f"{found.p50:.1f}", f"{found.p99:.1f}", f"{found.largest:.1f}"


def progress_line(summary: Summary, done: int, strips: int) -> str:
    """A run so far, in one plain line."""
    p50, p99, largest = times(summary.round_trip)
    return (
        f"{done}/{strips} strips: detected {count(summary.detection)}, "
        f"false rejects {count(summary.false_reject)}, late {summary.late}, "
        f"round trip p50 {p50} p99 {p99} max {largest} ms"
    )


def strip_line(result: Result) -> str:
    """One strip in one plain line."""
    plain = f", severity {severity(result)}" if result.truth.defective else ""
    text = f"{sign(result)} {result.outcome}: {result.strip_id}, {truth(result)}{plain}; {why(result)}"
    return f"{text}, margin {margin(result)}" if result.decider else text
