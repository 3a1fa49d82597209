"""Tables of text to a terminal, or to Markdown."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stripbench.grids import Grid


def on_terminal(grids: Sequence[Grid], console: Console) -> None:
    """Print them."""
    for grid in grids:
        table = Table(title=grid.title, title_justify="left", show_header=any(grid.header), box=box.SIMPLE_HEAD)
        prose = len(grid.header) == 2
        for number, name in enumerate(grid.header):
            figures = number > 0 and not prose
            table.add_column(name, justify="right" if figures else "left", no_wrap=figures)
        for row in grid.rows:
            table.add_row(*(escape(cell) for cell in row))
        console.print(table)


def as_markdown(grids: Sequence[Grid]) -> str:
    """Write them."""
    return "\n".join(_markdown(grid) for grid in grids)


def _markdown(grid: Grid) -> str:
    align = ["---", *["---:" if len(grid.header) > 2 else "---"] * (len(grid.header) - 1)]
    lines = [grid.header, align, *grid.rows]
    return f"### {grid.title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)
