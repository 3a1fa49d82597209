"""The status band: how the line is, in a word, a shape and a sentence. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from stripsight.hmi.words import Tone, clock, provider_title
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1 import lot_service_pb2 as lot_pb


class Link(StrEnum):
    """Whether the service answers."""

    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"


@dataclass(frozen=True)
class AlarmLine:
    """An alarm: what, since when, and whether it is urgent."""

    code: str
    message: str
    since: str
    urgent: bool


@dataclass(frozen=True)
class Band:
    """What the band says. `facts` are pairs of a label and a value."""

    tone: Tone
    headline: str
    reason: str
    facts: tuple[tuple[str, str], ...] = ()
    alarms: tuple[AlarmLine, ...] = ()
    development: bool = False


_STATES = {
    service_pb.READINESS_STARTING: (Tone.BAD, "Not ready: starting"),
    service_pb.READINESS_SERVING: (Tone.GOOD, "Inspecting"),
    service_pb.READINESS_DRAINING: (Tone.BAD, "Not ready: stopping"),
    service_pb.READINESS_FAILED: (Tone.BAD, "Not ready: failed"),
}


def band_of(link: Link, since: datetime, status: service_pb.GetStatusResponse | None, target: str) -> Band:
    """Say how the line is. What an old status says of the line is not shown once the service does not answer."""
    if link is Link.LOST:
        return Band(Tone.BAD, "No connection", f"{target} does not answer since {clock(since)}. Trying again.")
    if link is Link.CONNECTING or status is None:
        return Band(Tone.QUIET, "Connecting", f"Waiting for the service at {target}.")
    tone, headline, reason = _state(status)
    return Band(
        tone,
        headline,
        reason,
        _facts(status),
        tuple(_alarm(alarm) for alarm in status.alarms),
        status.development_mode,
    )


def _state(status: service_pb.GetStatusResponse) -> tuple[Tone, str, str]:
    if status.HasField("lot") and status.lot.state == lot_pb.LOT_STATE_STOPPED:
        return Tone.BAD, "Lot stopped", _stopped(status.lot)
    tone, headline = _STATES.get(status.readiness, (Tone.BAD, "Not ready"))
    return tone, headline, "" if tone is Tone.GOOD else status.readiness_reason


def _stopped(lot: lot_pb.Lot) -> str:
    missed = [sentence for run in lot.challenges for sentence in run.missed]
    doubt = f"{lot.in_doubt.accepted} accepted strips are in doubt. " if lot.HasField("in_doubt") else ""
    return f"{doubt}A challenge strip was missed: {missed[-1] if missed else 'see the record'}."


def _facts(status: service_pb.GetStatusResponse) -> tuple[tuple[str, str], ...]:
    lot = status.lot.lot_id if status.HasField("lot") else "none open"
    return (
        ("Lot", lot),
        ("Product", status.product.title or status.product.name),
        ("Bundle", status.bundle_id[:12]),
        ("Runs on", provider_title(status.provider)),
    )


def _alarm(alarm: service_pb.Alarm) -> AlarmLine:
    return AlarmLine(alarm.code, alarm.message, clock(alarm.since.ToDatetime(UTC)), alarm.urgent)
