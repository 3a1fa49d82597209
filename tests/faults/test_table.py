"""The table of faults in docs/reliability.md: every row has its tests, and every test that it names is there."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"
ROWS = range(1, 26)
NOT_SHOWN_YET: set[int] = set()


def rows() -> dict[int, list[str]]:
    """Return the tests that each row of the table names, by the row's number."""
    table = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines() if re.match(r"\| \d+ \|", line)]
    assert all(len(row) == 4 for row in cells)
    return {int(row[0]): re.findall(r"`([^`]+\.py::[^`]+)`", row[3]) for row in cells}


def named_in(path: Path) -> set[str]:
    """Return the names of the tests in a file."""
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_no_row_is_missing_and_none_is_without_a_test() -> None:
    """Rows 1 to 25 once each; those without a test are the ones that say so."""
    found = rows()
    assert list(found) == list(ROWS)
    assert {number for number, tests in found.items() if not tests} == NOT_SHOWN_YET


@pytest.mark.parametrize("number", ROWS)
def test_the_tests_of_a_row_are_there(number: int) -> None:
    """Each is a function of the file that is named with it."""
    for name in rows()[number]:
        file, _, test = name.partition("::")
        assert test.startswith("test_")
        assert test in named_in(TESTS / file), name


def test_every_row_that_a_docstring_claims_is_in_the_table() -> None:
    """A test here whose docstring begins with rows is named in each of them."""
    table = rows()
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            claimed = re.match(
                r"Rows? ([\d, and]+):", (isinstance(node, ast.FunctionDef) and ast.get_docstring(node)) or ""
            )
            for number in re.findall(r"\d+", claimed[1]) if claimed else ():
                assert f"faults/{path.name}::{node.name}" in table[int(number)], (path.name, node.name)
