"""`stripsight hmi-user` as a person or a script runs it."""

import os
import subprocess
import sys
from pathlib import Path

FAR_S = 60.0
ERROR = 2
WORD = "correct horse"


def run(*arguments: object, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command to its end, with a password on its standard input."""
    command = [sys.executable, "-m", "stripsight", "hmi-user", *map(str, arguments)]
    return subprocess.run(
        command, env=os.environ, input=said, capture_output=True, text=True, timeout=FAR_S, check=False
    )


def test_users_are_added_changed_listed_and_removed(tmp_path: Path) -> None:
    """The password is read, and neither shown nor kept."""
    path = tmp_path / "users"
    file = ("--auth-file", path)
    for name, role in (("ada", "viewer"), ("bo", "viewer"), ("ada", "operator")):
        added = run("add", name, "--role", role, *file, said=f"{WORD}\n")
        assert (added.returncode, added.stdout, added.stderr) == (0, f"{name} may log in as {role}\n", "")
    assert WORD not in path.read_text()
    assert run("list", *file).stdout == "ada operator\nbo viewer\n"
    assert run("remove", "ada", *file).returncode == 0
    assert run("list", *file).stdout == "bo viewer\n"


def test_what_cannot_be_taken_is_named(tmp_path: Path) -> None:
    """One plain line without the password."""
    ended = run("add", "ada", "--role", "viewer", "--auth-file", tmp_path / "users", said="short\n")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (ERROR, "", 1)
    assert ended.stderr.startswith("stripsight: LOGIN_INVALID: expected a password of 10 to 200 characters, found 5")
    assert not (tmp_path / "users").exists()
