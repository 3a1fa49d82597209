"""`stripsight watch` beside a real server."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client

FAR_S = 60.0

Ask = Callable[..., Answer]
Connect = Callable[[str], Client]


@contextmanager
def watching(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command, and end it."""
    command = [sys.executable, "-m", "stripsight", "watch", *arguments]
    process = subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        with process:
            yield process
    finally:
        process.kill()


def told(process: subprocess.Popen[str], answer: Callable[[], Answer]) -> tuple[list[str], list[Answer]]:
    """Have strips answered until the command ends; return its lines and the answers."""
    answers = []
    while process.poll() is None:
        answers.append(answer())
    assert process.stdout is not None
    return process.stdout.read().splitlines(), answers


def test_a_line_a_strip(strip_server: Any, connect: Connect, ask: Ask) -> None:
    """Verdict, ids, causes and the number of the record; rejects only, where that is asked."""
    client = connect(strip_server.target)
    with watching("--target", strip_server.target, "--rejects", "--strips", "2") as process:
        kinds = iter(range(10**6))
        lines, answers = told(process, lambda: ask(client, seed=104, defective=next(kinds) % 2 == 0))
    assert process.returncode == 0
    rejected = [one for one in (answer.reply.inspection for answer in answers) if one.causes]
    expected = [f"REJECT  L-1 {one.strip_seq} S-104  ANOMALY  #{one.record_seq}" for one in rejected]
    assert len(lines) == 2
    first = expected.index(lines[0].split("  ", 1)[1])
    assert [line.split("  ", 1)[1] for line in lines] == expected[first : first + 2]


def test_json_holds_everything(strip_server: Any, connect: Connect, ask: Ask) -> None:
    """One object a line."""
    client = connect(strip_server.target)
    with watching("--target", strip_server.target, "--strips", "1", "--json") as process:
        lines, answers = told(process, lambda: ask(client))
    (found,) = map(json.loads, lines)
    numbers = [answer.reply.inspection.record_seq for answer in answers]
    assert int(found["inspection"]["record_seq"]) in numbers
    assert len(found["patch_scores"]) == 60


def test_a_service_that_is_not_there_is_said(start: Callable[..., Any], strip_bundle: Bundle) -> None:
    """In one plain line, with a status of its own."""
    server = start(strip_bundle.path).started()
    server.process.terminate()
    assert server.ended() == 0
    with watching("--target", server.target) as process:
        _, said = process.communicate(timeout=FAR_S)
    assert process.returncode == 2
    assert said.startswith("stripsight: UNAVAILABLE")
    assert said.count("\n") == 1
