"""One shape for every table of figures, as markdown for cards and reports and as a rich table for the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

NONE = "-"


@dataclass(frozen=True)
class Table:
    """Cells as text, each row as long as `columns`; `note` says what a reader must know to read them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a row of another length: raises ValueError."""
        wrong = [row for row in self.rows if len(row) != len(self.columns)]
        if wrong:
            raise ValueError(f"table {self.title}: expected {len(self.columns)} cells a row, found {wrong[0]}")


def markdown(table: Table) -> str:
    """The table with its title above and its note below, ending in a line break."""
    lines = [f"**{table.title}**", "", _line(table.columns), "|" + "---|" * len(table.columns)]
    lines += [_line(row) for row in table.rows]
    return "\n".join([*lines, "", table.note, ""] if table.note else [*lines, ""])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


@dataclass(frozen=True)
class Fitted:
    """A table as rich draws it: where it is too wide, figures stand above their intervals instead of beside them."""

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it for the width that is there. Cells are taken as they are, brackets and all."""
        whole = _drawn(self.table, " (")
        wanted = Measurement.get(console, options.update(max_width=1000), whole).maximum
        yield whole if wanted <= options.max_width else _drawn(self.table, "\n(")


def _drawn(table: Table, before_interval: str) -> RichTable:
    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    drawn.title, drawn.caption = Text(table.title), Text(table.note) if table.note else None
    drawn.title_justify = drawn.caption_justify = "left"
    for column in table.columns:
        drawn.add_column(Text(column))
    for row in table.rows:
        drawn.add_row(*(Text(cell.replace(" (", before_interval)) for cell in row))
    return drawn


def number(value: float | None, digits: int = 3) -> str:
    """A figure with so many digits after the point; a dash for none."""
    return NONE if value is None else f"{value:.{digits}f}"


def percent(share: float) -> str:
    """For example `0.5 %`."""
    return f"{100 * share:g} %"


def span(value: float | None, interval: tuple[float, float] | None) -> str:
    """A figure with its interval in brackets, as a rate prints its own."""
    if value is None or interval is None:
        return number(value)
    return f"{value:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"
