"""Puts a result into the documentation: JSON, figure, and the tables between two marks of the page."""

from pathlib import Path

from stripbench.grids import grids
from stripbench.picture import draw
from stripbench.report import Report
from stripbench.show import as_markdown

BEGIN, END = "<!-- result: written by the benchmark -->", "<!-- end of result -->"


def publish(report: Report, docs: Path) -> None:
    """Write docs/performance/ and the tables in docs/performance.md. Raises ValueError for a page without the marks."""
    page = docs / "performance.md"
    text = replaced(page.read_text(), as_markdown(grids(report)))
    report.write(docs / "performance" / "result.json")
    draw(report, docs / "performance" / "latency.svg")
    page.write_text(text)


def replaced(page: str, tables: str) -> str:
    """Return `page` with `tables` between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"page: expected the marks {BEGIN} and {END} in this order, found no such pair")
    return f"{before}{BEGIN}\n\n{tables}\n{END}{after}"
