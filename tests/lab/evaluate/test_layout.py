"""Tables as markdown and in the terminal."""

from io import StringIO

import pytest
from rich.console import Console

from stripsight_lab.evaluate.layout import Fitted, Table, markdown, number, percent, span

TABLE = Table("Found", ("", "this one"), (("a|b [red]", "135/141 = 0.957 (0.910 to 0.980)"),), "Counts.")


def drawn(width: int) -> list[str]:
    """The lines of the table in a terminal of that width."""
    out = StringIO()
    Console(width=width, file=out).print(Fitted(TABLE))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_markdown_by_hand() -> None:
    """Title, heads, a rule, rows, note; a bar in a name does not split its cell."""
    assert markdown(TABLE) == (
        "**Found**\n\n|  | this one |\n|---|---|\n| a\\|b [red] | 135/141 = 0.957 (0.910 to 0.980) |\n\nCounts.\n"
    )


def test_a_wide_terminal_shows_a_row_in_a_line() -> None:
    """A name in brackets is no style."""
    assert " a|b [red]  135/141 = 0.957 (0.910 to 0.980)" in drawn(60)


def test_a_narrow_terminal_shows_intervals_below_their_figures() -> None:
    """Nothing is cut off."""
    lines = drawn(36)
    assert " a|b [red]  135/141 = 0.957" in lines
    assert "            (0.910 to 0.980)" in lines


def test_a_row_of_another_length_is_refused() -> None:
    """Cells would stand under the wrong head."""
    with pytest.raises(ValueError, match=r"expected 2 cells a row, found \('x',\)"):
        Table("Found", ("", "this one"), (("x",),))


def test_figures_as_text() -> None:
    """Digits, percent and intervals; a dash for none."""
    assert (number(0.12345), number(0.5, 1), number(None)) == ("0.123", "0.5", "-")
    assert (percent(0.005), percent(0.1)) == ("0.5 %", "10 %")
    assert span(0.9, (0.8, 0.95)) == "0.900 (0.800 to 0.950)"
    assert (span(1.0, None), span(None, None)) == ("1.000", "-")
