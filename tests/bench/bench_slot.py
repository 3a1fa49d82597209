"""The benchmark of the service: `python tests/bench/bench_slot.py run`, `compare A.json B.json`, `publish A.json`.

docs/performance.md says what is measured and how.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from stripbench.compare import changes, differences
from stripbench.grids import grids
from stripbench.measure import Plan, measure
from stripbench.page import publish as put_on_page
from stripbench.picture import draw
from stripbench.report import read
from stripbench.show import on_terminal

# The references load ONNX Runtime on their own; see stripsight.engine.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
app = typer.Typer(help="How fast the service is.", no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(highlight=False)

DOCS = Path(__file__).parents[2] / "docs"


class Provider(StrEnum):
    """What to compute on. By name only: a benchmark that chooses by itself cannot be compared."""

    CPU = "cpu"
    CUDA = "cuda"


Written = Annotated[Path, typer.Argument(help="A written report.")]


@app.command()
def run(
    *,
    bundle: Annotated[Path, typer.Option(help="The bundle to serve.")] = Path("models/bundles/bfs-5x4"),
    strips: Annotated[int, typer.Option(min=1, help="Strips of the slot run.")] = 240,
    turns: Annotated[int, typer.Option(min=2, help="Strips of each contestant where they take turns.")] = 50,
    starts: Annotated[int, typer.Option(min=1, help="Cold starts.")] = 5,
    flat: Annotated[int, typer.Option(min=0, help="Strips back to back, for slopes; 10000 take an hour.")] = 0,
    cadence_ms: Annotated[float, typer.Option(min=1, help="Time from one strip to the next.")] = 500,
    provider: Annotated[Provider, typer.Option(help="What to compute on.")] = Provider.CPU,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads of one inference, 0 for all.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the report and its figure.")] = Path("out/bench"),
    docs: Annotated[bool, typer.Option("--docs", help="Put the result into docs/performance.md too.")] = False,
) -> None:
    """Measure, print the tables, and write JSON and figure to --out."""
    plan = Plan(bundle, provider.value, threads, strips, turns, starts, flat, cadence_ms / 1000)
    report = measure(plan, lambda doing: console.print(f"[dim]{doing}[/dim]"))
    file = out / f"{report.facts.date.replace(':', '').removesuffix('+0000')}.json"
    report.write(file)
    draw(report, file.with_suffix(".svg"))
    on_terminal(grids(report), console)
    console.print(f"{file}\n{file.with_suffix('.svg')}", soft_wrap=True)
    if docs:
        put_on_page(report, DOCS)


@app.command()
def compare(before: Written, after: Written) -> None:
    """Print what changed, and whether machine, bundle or settings differ."""
    first, second = read(before), read(after)
    for difference in differences(first, second):
        console.print(f"[yellow]not the same {difference}[/yellow]")
    on_terminal([changes(first, second)], console)


@app.command()
def publish(report: Written) -> None:
    """Put a written report into docs/performance.md."""
    put_on_page(read(report), DOCS)


if __name__ == "__main__":
    app()
