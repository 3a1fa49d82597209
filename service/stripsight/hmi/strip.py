"""What is shown of one strip on record."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from stripsight.hmi.words import Tone, cause_name, cause_title, provider_title
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb


class Outcome(StrEnum):
    """What became of the strip. Whatever is not plainly an accept or a refused call is a reject."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    REFUSED = "REFUSED"

    @property
    def tone(self) -> Tone:
        """How it is drawn."""
        return {Outcome.ACCEPT: Tone.GOOD, Outcome.REJECT: Tone.BAD}.get(self, Tone.QUIET)


@dataclass(frozen=True)
class Score:
    """The worst score of a region of a vial, its limit, and the frame that decided."""

    vial: str
    region: str
    score: float
    threshold: float
    margin: float
    frame: int

    @property
    def passed(self) -> bool:
        """Whether the region is accepted: earned, so that NaN is not."""
        return math.isfinite(self.score) and self.score < self.threshold

    @property
    def load(self) -> float:
        """Score over threshold; infinite for one that is not a finite number."""
        return self.score / self.threshold if math.isfinite(self.score) and self.threshold > 0 else math.inf


@dataclass(frozen=True)
class Strip:
    """A strip on record; `why` is what a person reads first, `details` what they read next. Times in ms."""

    record_seq: int
    record_hash: str
    strip_id: str
    lot_id: str
    strip_seq: int
    outcome: Outcome
    causes: tuple[str, ...]
    details: tuple[str, ...]
    scores: tuple[Score, ...]
    stages: tuple[tuple[str, float], ...]
    recorded_at: datetime
    latency_ms: float
    simulated: bool
    bundle_id: str
    provider: str
    digests: tuple[str, ...]
    frames_kept: bool

    @property
    def failed(self) -> tuple[Score, ...]:
        """The regions that are not accepted, the worst first."""
        return tuple(sorted((one for one in self.scores if not one.passed), key=lambda one: -one.load))

    @property
    def worst(self) -> Score | None:
        """The region nearest to its limit, or furthest past it; None without scores."""
        return max(self.scores, key=lambda one: one.load, default=None)

    @property
    def why(self) -> str:
        """Why it is no accept, in a few words; empty for an accept."""
        words = [cause_title(cause) for cause in self.causes]
        words += [f"{one.vial} {one.region}" for one in self.failed[:3]]
        more = len(self.failed) - 3
        return " · ".join(words + ([f"and {more} more"] if more > 0 else []))


def strip_of(recorded: record_pb.RecordedInspection) -> Strip:
    """Read a record."""
    inspection = recorded.inspection
    return Strip(
        record_seq=inspection.record_seq,
        record_hash=inspection.record_hash.hex(),
        strip_id=inspection.strip_id,
        lot_id=inspection.lot_id,
        strip_seq=inspection.strip_seq,
        outcome=_outcome(recorded),
        causes=tuple(cause_name(cause) for cause in inspection.causes) or _refusal(recorded),
        details=tuple(finding.message for finding in inspection.findings) or _text(recorded.refusal_message),
        scores=tuple(_score(vial, region) for vial in inspection.vials for region in vial.regions),
        stages=_stages(inspection.stage_times),
        recorded_at=recorded.recorded_at.ToDatetime(UTC),
        latency_ms=recorded.since_arrival_ms,
        simulated=recorded.simulated,
        bundle_id=inspection.bundle_id,
        provider=provider_title(inspection.provider),
        digests=tuple(digest.hex() for digest in recorded.frame_digests),
        frames_kept=recorded.frames_kept,
    )


def _outcome(recorded: record_pb.RecordedInspection) -> Outcome:
    if recorded.refusal_reason:
        return Outcome.REFUSED
    return Outcome.ACCEPT if recorded.inspection.verdict == pb.VERDICT_ACCEPT else Outcome.REJECT


def _refusal(recorded: record_pb.RecordedInspection) -> tuple[str, ...]:
    return _text(recorded.refusal_reason)


def _text(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _score(vial: pb.Vial, region: pb.Region) -> Score:
    return Score(vial.name, region.name, region.score, region.threshold, region.margin, region.frame_index)


def _stages(times: pb.StageTimes) -> tuple[tuple[str, float], ...]:
    return tuple((field.name.removesuffix("_ms"), value) for field, value in times.ListFields())
