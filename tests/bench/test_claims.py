"""What a report says about the promises."""

from collections.abc import Callable

import pytest
from stripbench.claims import Claim, claims
from stripbench.report import Report, Sample, Series

ReportOf = Callable[..., Report]


def claimed(report: Report, what: str) -> Claim:
    """The one claim whose name begins so."""
    (found,) = [claim for claim in claims(report) if claim.what.startswith(what)]
    return found


def test_a_fast_service_meets_every_goal(report_of: ReportOf) -> None:
    """200 ms against a bare graph of 190 and a plain service of 1000."""
    assert [claim.what for claim in claims(report_of()) if claim.met is False] == []


@pytest.mark.parametrize(
    ("what", "times"),
    [
        ("p50 in turn, service / bare graph", {"service": [230.0] * 120}),
        ("p50 in turn, plain service / service", {"plain": [790.0] * 120}),
        ("late of 120 strips", {"service": [200.0] * 119 + [500.0]}),
        ("p99 in the slot run", {"service": [351.0] * 120}),
        ("p99 / p50", {"service": [200.0] * 110 + [301.0] * 10}),
        ("p99, 20 viewers", {"viewed": [200.0] * 110 + [221.0] * 10}),
        ("p50, first strip", {"service": [149.0] * 120}),
    ],
)
def test_a_goal_is_missed_by_a_little(report_of: ReportOf, what: str, times: dict[str, list[float]]) -> None:
    """Each goal has its own figure: just beyond it, it is not met."""
    assert claimed(report_of(), what).met
    assert claimed(report_of(**times), what).met is False


def test_a_strip_at_the_slots_end_is_late() -> None:
    """The slot is half open, and a time that is not a number is late too."""
    samples = [Sample(1, due, 1, 1, 1) for due in (499.9, 500.0, float("nan"))]
    assert Series.of(samples).late(500) == 2


def test_waiting_for_the_strip_before_counts(report_of: ReportOf) -> None:
    """A quick answer that was sent late is judged by when the strip was due."""
    report = report_of()
    waited = Series.of([Sample(200, 600, 200, 100, 10, {"infer": 100})] * 120)
    report.phases["slot run"]["service"] = waited
    assert claimed(report, "late of 120 strips").found.value == 120
    assert claimed(report, "p99 in the slot run").met is False


def test_few_strips_have_no_hundredth(report_of: ReportOf) -> None:
    """A short run says nothing about the hundredth strip."""
    assert not [claim for claim in claims(report_of(service=[200.0] * 20)) if "91 to 110" in claim.what]


def test_rising_memory_is_seen(report_of: ReportOf) -> None:
    """A kibibyte a strip is a leak; level descriptors and times are none."""
    report = report_of()
    leaking = [Sample(200, 200, 200, 100 + strip / 1024, 10) for strip in range(1000)]
    report.phases["flat run"] = {"service": Series.of(leaking)}
    found = {name: claimed(report, f"{name}, slope").met for name in ("memory", "descriptors", "round trip")}
    assert found == {"memory": False, "descriptors": True, "round trip": True}


def test_the_gap_is_to_the_larger_floor(report_of: ReportOf) -> None:
    """1e10 operations at 1e11 a second are 100 ms; a bare graph of 190 ms takes 1.9 times that."""
    assert claimed(report_of(), "p50 back to back").found.value == pytest.approx(1.9)
