"""SIGKILL at any moment: whatever a client was answered is on record afterwards, and the record is good."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Client, ServiceError
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import EventKind, StripRecord

FAR_S = 60.0
LIVES, STRIPS = 20, 12
POINTS = ("insert", "commit", "head", "reply", "anywhere")
HERE = Path(__file__).parent
SERVER = [sys.executable, str(HERE / "killed_server.py")]
JOURNAL = [sys.executable, str(HERE / "killed_journal.py")]


class History(dict[int, tuple[int, str]]):
    """What was answered: a strip's number, and the place and hash of its record."""


def on_record(folder: Path) -> tuple[dict[int, tuple[int, str, str]], int]:
    """Verify; return each strip's place, hash and verdict by its number, and how many recoveries there were."""
    reader = Reader(folder)
    checked = reader.verify()
    assert checked.fault is None, checked.fault
    found = reader.find(Wanted(kinds=("strip",)))
    recoveries = len(reader.find(Wanted(kinds=(EventKind.RECOVERY,))))
    reader.close()
    bodies = [kept.entry.body for kept in found]
    numbers = [body.strip_seq for body in bodies if isinstance(body, StripRecord)]
    assert len(numbers) == len(set(numbers)) == len(found)
    verdicts = [str(body.verdict) for body in bodies if isinstance(body, StripRecord)]
    links = [(kept.link.seq, kept.link.hash.hex()) for kept in found]
    return {n: (*link, verdict) for n, link, verdict in zip(numbers, links, verdicts, strict=True)}, recoveries


class Journals:
    """The program that forks journals, and one of them at a time."""

    def __init__(self, folder: Path) -> None:
        command = [*JOURNAL, str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def life(self, first: int, seed: int) -> History:
        """Let one write until it is killed at a point that the seed chooses; return what it answered."""
        chance = random.Random(seed)
        point, number = POINTS[seed % len(POINTS)], chance.randint(1, STRIPS)
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{first} {STRIPS} {point}:{number}\n")
        self.process.stdin.flush()
        history, pid = History(), 0
        for word, *rest in map(str.split, self.process.stdout):
            if word == "ended":
                assert int(rest[0]) == -signal.SIGKILL
                break
            if word == "begun":
                pid = int(rest[0])
            else:
                history[int(rest[0])] = (int(rest[1]), rest[2])
            if point == "anywhere" and len(history) == number - 1:
                os.kill(pid, signal.SIGKILL)  # while it opens the journal or writes the next
        return history


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Journals]:
    """Journals in `tmp_path`."""
    journals = Journals(tmp_path)
    yield journals
    journals.process.communicate(timeout=FAR_S)
    assert journals.process.returncode == 0


def test_what_was_answered_is_on_record_after_twenty_crashes(journals: Journals, tmp_path: Path) -> None:
    """Twenty journals in turn on one directory, each killed inside, before or after a commit, or anywhere.

    Every answered strip is there with its number and hash, none is there twice, the chain verifies, and the crashes
    are on record themselves.
    """
    history = History()
    for seed in range(LIVES):
        history |= journals.life(1 + seed * STRIPS, seed)
    kept, recoveries = on_record(tmp_path)
    assert history.items() <= {number: (seq, digest) for number, (seq, digest, _) in kept.items()}.items()
    assert len(history) > 3 * LIVES
    # The last crash has no successor to tell of it, and one before the first record leaves nothing to recover.
    assert LIVES // 2 < recoveries < LIVES


@pytest.mark.parametrize(("at", "whole"), [("commit:6", 2), ("head:5", 3), ("reply:5", 3)])
def test_a_server_that_is_killed_has_on_record_what_it_answered(
    *, at: str, whole: int, start: Any, item_bundle: Bundle, strip: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    """Every verdict that a client received, and at most the one more whose answer was on its way."""
    monkeypatch.setenv("KILL_AT", at)
    server = start(item_bundle.path, command=SERVER, record_dir=tmp_path).started()
    recipe, answered = item_bundle.recipe, {}
    with Client(server.target) as client, suppress(ServiceError):
        for number in range(1, STRIPS):
            frames = strip(recipe, 104 if number == 2 else 101, number == 2)
            ids: dict[str, Any] = {"strip_id": "S", "lot_id": "L", "strip_seq": number}
            reply = client.inspect(frames, **ids, product=recipe.product.name, timeout_s=FAR_S).reply.inspection
            verdict = pb.Verdict.Name(reply.verdict).removeprefix("VERDICT_")
            answered[number] = (reply.record_seq, reply.record_hash.hex(), verdict)
    assert server.ended() == -signal.SIGKILL
    kept, _ = on_record(tmp_path)
    assert answered.items() <= kept.items()
    assert [verdict for _, _, verdict in answered.values()] == ["ACCEPT", "REJECT"]
    assert len(kept) == whole
