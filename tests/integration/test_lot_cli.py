"""`stripsight lot` against a real server: what it prints at 80 columns, and how it ends."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client

FAR_S = 60.0
DRIFTING = [sys.executable, str(Path(__file__).with_name("drifting_server.py"))]


def run(target: str, *arguments: str, group: str = "lot") -> tuple[int, str, str]:
    """Run a command to its end; its status, what it printed and what it complained of."""
    done = subprocess.run(
        [sys.executable, "-m", "stripsight", *group.split(), *arguments],
        env=os.environ | {"COLUMNS": "80", "STRIPSIGHT_TARGET": target},
        capture_output=True,
        text=True,
        timeout=FAR_S,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_lot_by_commands(
    start: Callable[..., Any],
    ask: Callable[..., Answer],
    strip_bundle: Bundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Open, show, challenge, a miss, close: each ends with a status of its own, and no line is too long."""
    drift = tmp_path / "drift"
    monkeypatch.setenv("DRIFT", str(drift))
    target = start(strip_bundle.path, command=DRIFTING).started().target
    code, printed, complaint = run(target, "open", "L-1")
    assert code == 2 and "--who" in complaint
    code, printed, complaint = run(target, "show")
    assert (code, printed, complaint) == (2, "", "stripsight: LOT_UNKNOWN: no lot is open\n")
    code, printed, _ = run(target, "open", "L-1", "--who", "Ada Lovelace")
    assert code == 0 and printed.startswith("OPEN L-1\n")
    with Client(target) as client:
        for seed in (101, 102):
            ask(client, seed=seed)
        ask(client, seed=104, defective=True)
    code, printed, _ = run(target, "challenge")
    assert code == 0 and "CALL" in printed and "passed" in printed
    code, printed, _ = run(target, "show", "L-1", "--json")
    assert (code, json.loads(printed)["accepted"], json.loads(printed)["rejected"]) == (0, "2", "1")
    with Client(target) as client:
        ask(client, seed=103)
    drift.touch()
    code, printed, _ = run(target, "challenge")
    assert code == 1 and "MISSED" in printed and "challenge strip speckle" in " ".join(printed.split())
    code, printed, _ = run(target, "close", "L-1", "--who", "Ada Lovelace")
    assert code == 1
    assert all(len(line) <= 80 for line in printed.splitlines())
    for words in (
        "CLOSED L-1",
        "by Ada Lovelace",
        "3 accepted, 1 rejected, 0 refused",
        "IN DOUBT: 1 accepted, records",
        "S-103",
    ):
        assert words in printed, words
    code, printed, complaint = run(target, "open", "L-2", "--who", "Ada")
    assert (code, printed) == (1, "") and complaint.startswith("stripsight: CHALLENGE_MISSED: lot L-2 was not opened")
    code, printed, _ = run(target, group="status")
    assert "alarm CHALLENGE_MISSED" in printed and "none" in printed


def test_help_says_what_is_taken_without_an_option() -> None:
    """In brackets, which are not a style of the terminal."""
    code, printed, _ = run("", "open", "--help")
    assert code == 0 and "[the one the service has]" in " ".join(printed.split())


def test_no_service_is_told_in_a_line() -> None:
    """Exit status 2."""
    code, printed, complaint = run("127.0.0.1:1", "open", "L-1", "--who", "Ada")
    assert (code, printed, complaint.count("\n")) == (2, "", 1)
    assert complaint.startswith("stripsight: UNAVAILABLE")
