"""Results to count, draw and write about."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stripsight_lab.demo.results import Decider, Result, Truth

GOOD = Truth()
BURN = Truth("burn on the body", "V2", 0.43)


@pytest.fixture
def result() -> Callable[..., Result]:
    """Make the result of strip `seq`: `result(seq, defective, accepted, **changes)`, judged in time."""
    return made


def made(seq: int, *, defective: bool, accepted: bool, **changes: Any) -> Result:
    """An accepted strip's nearest region is V1 R0; a rejected one is rejected by V2 R1."""
    near = Decider("V1", "R0", 7, 0.015, 0.02) if accepted else Decider("V2", "R1", 15, 0.06, 0.04)
    plain = Result(
        strip_seq=seq,
        strip_id=f"D1-{seq:04d}",
        truth=BURN if defective else GOOD,
        due_ms=500.0 * (seq - 1),
        round_trip_ms=200.0 + seq,
        accepted=accepted,
        late=False,
        verdict="ACCEPT" if accepted else "REJECT",
        causes=() if accepted else ("ANOMALY",),
        decider=near,
        stages_ms={"decode": 8.0, "infer": 150.0, "total": 170.0},
    )
    return replace(plain, **changes)
