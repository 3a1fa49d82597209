"""The documentation for those who install, operate and release."""

import subprocess
import sys
from pathlib import Path

import pytest

from stripsight.access.roles import METHODS, Role
from stripsight.exits import Exit
from stripsight.verdict import Cause

ROOT = Path(__file__).parents[2]


def test_the_pages_build_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    """A strict build: a page that is not in the navigation, a link or an anchor to nowhere fails."""
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    page = (tmp_path / "site" / "plc.html").read_text()
    assert "https://fonts" not in page


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_is_explained_to_those_who_connect_a_machine(cause: Cause) -> None:
    """A row of its own in the table of causes."""
    assert f"\n| `{cause}` |" in (ROOT / "docs/plc.md").read_text()


@pytest.mark.parametrize("status", sorted(set(Exit) - {Exit.OK, Exit.REJECT}))
def test_every_exit_of_the_server_is_explained_to_those_who_recover_it(status: Exit) -> None:
    """A row of its own in the table of exit statuses."""
    assert f"\n| {int(status)} |" in (ROOT / "docs/recover.md").read_text()


def test_the_table_of_roles_is_that_of_the_service() -> None:
    """Each row of docs/security.md names methods, and says yes where a role may call them."""
    rows = [line.strip("| ").split("|") for line in (ROOT / "docs/security.md").read_text().splitlines()]
    header = next(row for row in rows if row[0].strip() == "call")
    roles = [Role(cell.strip(" `")) for cell in header[1:]]
    others = {"health": "grpc.health", "reflection": "grpc.reflection"}
    told = {}
    for names, *cells in (row for row in rows if len(row) == len(header) and row is not header):
        may = {role for role, cell in zip(roles, cells, strict=True) if cell.strip() == "yes"}
        told |= {others.get(name.strip(), f"/{name.strip()}"): may for name in names.split(",") if name.strip(" -")}
    for method, allowed in METHODS.items():
        assert [may for name, may in told.items() if name in method] == [set(allowed)], method
