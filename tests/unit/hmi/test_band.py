"""The status band: what it says in each state."""

from datetime import UTC, datetime

import pytest

from stripsight.hmi.band import Band, Link, band_of
from stripsight.hmi.words import Tone
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1 import lot_service_pb2 as lot_pb

NOW = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)


@pytest.fixture
def status() -> service_pb.GetStatusResponse:
    """A service that inspects a lot."""
    status = service_pb.GetStatusResponse(bundle_id="ab" * 32, provider=pb.PROVIDER_CUDA, readiness_reason="because")
    status.readiness = service_pb.READINESS_SERVING
    status.product.name = "small"
    status.lot.lot_id = "L-7"
    return status


def shown(status: service_pb.GetStatusResponse | None, link: Link = Link.UP) -> Band:
    """Return the band."""
    return band_of(link, NOW, status, "line:50051")


def test_a_line_that_inspects(status: service_pb.GetStatusResponse) -> None:
    """One word in blue, and lot, product, bundle and provider; no reason is needed."""
    band = shown(status)
    assert (band.tone, band.headline, band.reason) == (Tone.GOOD, "Inspecting", "")
    assert band.facts == (("Lot", "L-7"), ("Product", "small"), ("Bundle", "abababababab"), ("Runs on", "GPU (CUDA)"))


@pytest.mark.parametrize("readiness", [r for r in service_pb.Readiness.values() if r != service_pb.READINESS_SERVING])
def test_any_other_state_says_not_ready_and_why(status: service_pb.GetStatusResponse, readiness: int) -> None:
    """Only a serving service is blue."""
    status.readiness = service_pb.Readiness.ValueType(readiness)
    band = shown(status)
    assert band.tone is Tone.BAD and band.headline.startswith("Not ready") and band.reason == "because"


def test_a_stopped_lot_comes_before_readiness(status: service_pb.GetStatusResponse) -> None:
    """The service serves, but the line must not go on: what was missed, and how many strips are in doubt."""
    status.lot.state = lot_pb.LOT_STATE_STOPPED
    status.lot.challenges.add(missed=["defective-1 was accepted"])
    status.lot.in_doubt.accepted = 240
    band = shown(status)
    assert (band.tone, band.headline) == (Tone.BAD, "Lot stopped")
    assert "defective-1 was accepted" in band.reason and "240 accepted strips are in doubt" in band.reason


def test_a_service_that_is_gone_says_nothing_of_the_line(status: service_pb.GetStatusResponse) -> None:
    """What it told before is old: neither ready nor lot nor alarms are shown of it."""
    status.alarms.add(code="DRIFT", message="m")
    band = shown(status, Link.LOST)
    assert (band.tone, band.headline, band.facts, band.alarms) == (Tone.BAD, "No connection", (), ())
    assert "line:50051" in band.reason


def test_before_the_first_answer(status: service_pb.GetStatusResponse) -> None:
    """It waits, and is neither good nor bad."""
    assert shown(None, Link.CONNECTING).tone is Tone.QUIET
    assert shown(None).headline == "Connecting"


def test_alarms_and_development_mode(status: service_pb.GetStatusResponse) -> None:
    """Both are told beside the state, which they do not change; alarms in the service's order."""
    status.development_mode = True
    for code, urgent in (("CHALLENGE_MISSED", True), ("DRIFT_SCORES_HIGH", False)):
        status.alarms.add(code=code, message=f"about {code}", urgent=urgent)
    band = shown(status)
    assert band.development and band.headline == "Inspecting"
    assert [(alarm.code, alarm.urgent) for alarm in band.alarms] == [
        ("CHALLENGE_MISSED", True),
        ("DRIFT_SCORES_HIGH", False),
    ]
