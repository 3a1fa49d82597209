"""`stripsight certs`, and commands that call by TLS, as a person runs them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stripsight.bundle import Bundle

FAR_S = 60.0
ERROR = 2

Start = Callable[..., Any]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "stripsight", *map(str, arguments)],
        env=os.environ | {"COLUMNS": "80"} | environment,
        capture_output=True,
        text=True,
        timeout=FAR_S,
        check=False,
    )


def test_one_command_makes_what_a_service_and_its_callers_need(
    start: Start, strip_bundle: Bundle, tmp_path: Path
) -> None:
    """The server starts with it, each command calls with its folder, and the options are those that it printed."""
    folder = tmp_path / "pki"
    made = run("certs", "init", folder)
    assert (made.returncode, made.stderr) == (0, "")
    words = next(line for line in made.stdout.splitlines() if line.startswith("serve:")).split()[1:]
    options = {
        name.removeprefix("--").replace("-", "_"): value for name, value in zip(words[::2], words[1::2], strict=True)
    }
    server = start(strip_bundle.path, **options).started()
    told = run("status", "--target", server.target, "--tls", folder / "view")
    assert (told.returncode, told.stderr) == (0, "")
    assert "by the roles in their certificates" in told.stdout
    told = run("status", STRIPSIGHT_TARGET=server.target, STRIPSIGHT_TLS=str(folder / "view"))
    assert told.returncode == 0
    refused = run("lot", "challenge", "--target", server.target, "--tls", folder / "view")
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (ERROR, "", 1)
    assert refused.stderr.startswith("stripsight: ROLE_MISSING: ")


def test_what_was_made_is_shown_and_never_replaced(tmp_path: Path) -> None:
    """Each certificate with its role or its hosts, whole at 80 columns."""
    folder = tmp_path / "pki"
    assert run("certs", "init", folder, "--host", "line-3.example", "--host", "10.0.0.7", "--days", 30).returncode == 0
    shown = run("certs", "show", folder).stdout
    for text in ("engineer/tls.crt", "CN=Stripsight CA", "CN=operate", "line-3.example", "10.0.0.7"):
        assert text in shown
    assert max(map(len, shown.splitlines())) <= 80
    again = run("certs", "init", folder)
    assert again.returncode == ERROR
    assert again.stderr.startswith("stripsight: CERTIFICATE_INVALID: ")


def test_a_folder_that_lacks_a_file_is_named(tmp_path: Path) -> None:
    """One plain line."""
    ended = run("status", "--tls", tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (ERROR, "", 1)
    assert (
        f"CERTIFICATE_UNREADABLE: {tmp_path}/ca.crt: expected a folder with ca.crt, tls.crt and tls.key" in ended.stderr
    )
