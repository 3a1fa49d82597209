"""Reports against each other, and on the page."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stripbench.compare import changes, differences
from stripbench.grids import grids
from stripbench.page import BEGIN, END, publish, replaced
from stripbench.report import Report, read
from stripbench.show import as_markdown

ReportOf = Callable[..., Report]
ROOT = Path(__file__).parents[2]


def noisy(mean: float, seed: int) -> list[float]:
    """120 times around `mean`."""
    return [float(value) for value in np.random.default_rng(seed).normal(mean, mean / 50, 120)]


def rows(before: Report, after: Report) -> dict[str, list[str]]:
    """The rows by their names."""
    return {name: rest for name, *rest in changes(before, after).rows}


def test_a_change_is_told_from_noise(report_of: ReportOf) -> None:
    """A tenth faster shows as faster; the bare graph, drawn anew, as nothing."""
    before = report_of(service=noisy(200, 1), bare=noisy(190, 2))
    found = rows(before, report_of(service=noisy(180, 3), bare=noisy(190, 4)))
    assert found["in turn: service, round trip p50"][-1] == "faster"
    assert found["in turn: service, infer p50"][-1] == "faster"
    assert found["in turn: bare graph, round trip p50"][-1] == ""


def test_the_order_is_before_and_after(report_of: ReportOf) -> None:
    """Twice the time is slower, with a ratio of 2."""
    found = rows(report_of(), report_of(service=[400.0] * 120))["in turn: service, round trip p50"]
    assert found == ["200.00", "400.00", "2.000 (2.000 to 2.000)", "slower"]


def test_only_what_both_have_is_compared(report_of: ReportOf) -> None:
    """A phase that one report lacks is left out."""
    before = report_of()
    del before.phases["back to back"]
    assert not [name for name in rows(before, report_of()) if name.startswith("back to back")]


def test_another_machine_or_bundle_is_named(report_of: ReportOf) -> None:
    """A change of the figures may come from there."""
    assert differences(report_of(), report_of()) == []
    found = differences(report_of(), report_of(machine="another", bundle_id="cd" * 32))
    assert found == [
        "machine: a machine, 2 cores before, another, 2 cores after",
        "bundle: abababababab before, cdcdcdcdcdcd after",
    ]


def test_publishing_writes_page_figure_and_report(report_of: ReportOf, tmp_path: Path) -> None:
    """The page keeps its own text, loses the old tables, and the report reads back as it was; again changes nothing."""
    page, report = tmp_path / "performance.md", report_of()
    page.write_text(f"# Title\n\n{BEGIN}\nthe last result\n{END}\n\nMore.\n")
    publish(report, tmp_path)
    text, figure = page.read_text(), (tmp_path / "performance" / "latency.svg").read_bytes()
    assert text.startswith("# Title\n") and text.endswith("\nMore.\n") and "the last result" not in text
    assert "| in turn: plain service | 1000 |" in text
    assert read(tmp_path / "performance" / "result.json") == report
    publish(report, tmp_path)
    assert (page.read_text(), (tmp_path / "performance" / "latency.svg").read_bytes()) == (text, figure)


def test_a_page_without_marks_is_refused() -> None:
    """Nothing is written anywhere in the page by guess."""
    with pytest.raises(ValueError, match="expected the marks"):
        replaced(f"{END} {BEGIN}", "tables")


def test_the_page_shows_the_committed_report() -> None:
    """The tables in docs/performance.md are those of docs/performance/result.json."""
    docs = ROOT / "docs"
    text = (docs / "performance.md").read_text()
    assert replaced(text, as_markdown(grids(read(docs / "performance" / "result.json")))) == text
