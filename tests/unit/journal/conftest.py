"""Journals with a few records in them, made by the real thing."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from stripsight.errors import RecordError
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.record import Layout, Outcome, StripRecord


@pytest.fixture(scope="session")
def a_record() -> Callable[..., StripRecord]:
    """Make the record of a strip of two frames, one vial and two regions: `a_record(number, **changes)`."""
    return record_of


@pytest.fixture
def open_journal() -> Iterator[Callable[..., Journal]]:
    """Open journals, which close with the test: `open_journal(folder, **as Journal takes)`; failures raise."""
    with ExitStack() as stack:

        def make(folder: Path, policy: Policy = Policy(checkpoint_rows=5), **arguments: Any) -> Journal:
            journal = Journal(folder, policy, arguments.pop("on_failure", no_failure), **arguments)
            stack.callback(closed, journal)
            return journal

        yield make


@pytest.fixture
def filled(tmp_path: Path, open_journal: Callable[..., Journal]) -> Path:
    """The directory of a closed journal with twelve strips and a checkpoint every five records."""
    journal = open_journal(tmp_path / "records")
    for number in range(1, 13):
        journal.strip(record_of(number)).result()
    assert journal.close("OK")
    return tmp_path / "records"


def closed(journal: Journal) -> None:
    """Close it unless the test has."""
    if not journal.closed:
        journal.close("OK")


def no_failure(error: RecordError) -> None:
    """Where none is expected."""
    raise AssertionError(error)


def record_of(number: int, **changes: Any) -> StripRecord:
    """A good strip."""
    scores = itertools.islice(itertools.cycle((0.01, 0.02, 0.011, 0.021)), 4)
    usual: dict[str, Any] = {
        "lot_id": "L-1",
        "strip_id": f"S-{number}",
        "strip_seq": number,
        "simulated": True,
        "product": "two-regions",
        "bundle_id": "b" * 64,
        "provider": "cpu",
        "verdict": Outcome.ACCEPT,
        "frame_digests": ("0" * 64, "1" * 64),
        "layout": Layout(frames=(0, 7), vials=("V1",), regions=("R0", "R1")),
        "thresholds": (0.03, 0.05),
        "scores": tuple(scores),
        "stages_ms": {"decode": 1.5, "infer": 80.25},
        "total_ms": 90.0,
        "since_arrival_ms": 91.0,
    }
    return StripRecord(**(usual | changes))
