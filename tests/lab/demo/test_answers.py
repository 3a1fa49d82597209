"""From replies and errors to results."""

from collections.abc import Callable

import pytest

from stripsight.client import ServiceError
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight_lab.demo.answers import read
from stripsight_lab.demo.results import Decider, Result


@pytest.fixture
def bare(result: Callable[..., Result]) -> Result:
    """A strip that was sent, before its answer is read."""
    return result(1, defective=True, accepted=False, verdict="", causes=(), decider=None, stages_ms={})


def region(name: str, score: float, threshold: float, frame: int = 0) -> pb.Region:
    """One region of a reply."""
    return pb.Region(name=name, score=score, threshold=threshold, margin=threshold - score, frame_index=frame)


def test_reply(bare: Result) -> None:
    """Verdict, causes, times and the region that is furthest past its own threshold are taken over.

    V2 R1 has the larger score, V1 R0 is twice its threshold and decides.
    """
    inspection = pb.Inspection(
        verdict=pb.VERDICT_REJECT,
        causes=[pb.CAUSE_ANOMALY],
        vials=[
            pb.Vial(name="V1", regions=[region("R0", 0.04, 0.02, frame=7), region("R1", 0.03, 0.04)]),
            pb.Vial(name="V2", regions=[region("R0", 0.01, 0.02), region("R1", 0.06, 0.04)]),
        ],
        stage_times=pb.StageTimes(decode_ms=8, infer_ms=150, total_ms=170),
    )
    found = read(bare, service_pb.InspectStripResponse(inspection=inspection), None)
    assert (found.verdict, found.causes, found.late) == ("REJECT", ("ANOMALY",), False)
    assert found.decider == Decider("V1", "R0", 7, 0.04, 0.02)
    assert found.decider.margin == pytest.approx(-0.02)
    assert found.stages_ms == {"decode": 8, "infer": 150, "total": 170}


def test_late_reply(bare: Result) -> None:
    """A reply that says LATE is late, however quickly it came."""
    inspection = pb.Inspection(verdict=pb.VERDICT_REJECT, causes=[pb.CAUSE_LATE])
    found = read(bare, service_pb.InspectStripResponse(inspection=inspection), None)
    assert (found.late, found.decider, found.fail_safe) == (True, None, True)


@pytest.mark.parametrize(
    ("code", "reason", "late"),
    [
        ("RESOURCE_EXHAUSTED", "OVERLOADED", False),
        ("DEADLINE_EXCEEDED", "SLOT_TOO_SHORT", True),
        ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", True),
        ("UNAVAILABLE", "UNAVAILABLE", False),
    ],
)
def test_error(bare: Result, code: str, reason: str, late: bool) -> None:
    """An error is kept in its words; only one about the deadline makes the strip late."""
    found = read(bare, None, ServiceError(code, reason, "what happened"))
    assert (found.error, found.late) == (f"{reason}: what happened", late)


def test_empty_reply(bare: Result) -> None:
    """A reply without an inspection counts as an error."""
    assert read(bare, service_pb.InspectStripResponse(), None).error
