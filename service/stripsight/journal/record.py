"""What a record holds: the answer to one strip, or an event. Frozen; what it is written as is `canonical`'s matter."""

import math
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _number(value: object) -> object:
    return _WORDS.get(value, value) if isinstance(value, str) else value


def _word(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


# JSON has no number for what is not finite, and a score may be just that: these are ProtoJSON's words for it.
Real = Annotated[float, BeforeValidator(_number), PlainSerializer(_word, when_used="json")]

# Where text is allowed as well, a word could not be told from it.
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Part(BaseModel):
    """A part of a record: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Outcome(StrEnum):
    """What became of a strip. REFUSED: the call ended with an error and nothing was judged."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    REFUSED = "REFUSED"


class Finding(Part):
    """What the image check found; `frame_index` is None when it concerns several frames."""

    cause: str
    frame_index: int | None
    message: str


class Refusal(Part):
    """The error that a call ended with: the reason that never changes, the sentence, the field and the facts."""

    reason: str
    message: str
    field: str = ""
    facts: dict[str, str] = {}


class Layout(Part):
    """How scores are ordered: for each frame index, for each vial, for each region."""

    frames: tuple[int, ...] = ()
    vials: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class StripRecord(Part):
    """The one answer to one strip.

    `causes` are those of a reject, or the reason of a refusal. `frame_digests` are sha256 (hex) of the bytes as sent,
    in the layout's order; none when they were not decoded. `scores` follow the layout and `thresholds` its regions;
    both are empty without a judgement. Durations are monotonic: `stages_ms` and `total_ms` of the inspection,
    `since_arrival_ms` from the request's arrival to the making of this record.
    """

    kind: Literal["strip"] = "strip"
    lot_id: str
    strip_id: str
    strip_seq: int
    simulated: bool
    product: str
    bundle_id: str
    provider: str
    verdict: Outcome
    causes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    refusal: Refusal | None = None
    frame_digests: tuple[str, ...] = ()
    layout: Layout = Layout()
    thresholds: tuple[Real, ...] = ()
    scores: tuple[Real, ...] = ()
    heatmaps: int = 0
    stages_ms: dict[str, Real] = {}
    total_ms: Real = 0.0
    since_arrival_ms: Real = 0.0


class EventKind(StrEnum):
    """What is kept beside the strips. `overruled`: a verdict on record left too late, as a reject with LATE."""

    START = "start"
    BUNDLE = "bundle"
    DRAIN = "drain"
    STOP = "stop"
    CHECKPOINT = "checkpoint"
    RECOVERY = "recovery"
    CLOCK_STEP = "clock_step"
    OVERRULED = "overruled"
    BUNDLE_REFUSED = "bundle_refused"
    ACCESS_REFUSED = "access_refused"
    CERTIFICATES = "certificates"
    LOT_OPENED = "lot_opened"
    LOT_CLOSED = "lot_closed"
    CHALLENGE = "challenge"


LOT_KINDS = (EventKind.LOT_OPENED, EventKind.LOT_CLOSED, EventKind.CHALLENGE)
"""Events about a lot, whose fact `lot_id` names it."""


class Event(Part):
    """Something that happened to the service, with its facts by name."""

    kind: EventKind
    facts: dict[str, str | int | Finite] = {}


class Entry(Part):
    """One link of the chain.

    `seq` counts from 1 without a gap. `utc_us` is the wall clock in microseconds since 1970 (UTC), `monotonic_us` the
    clock that never goes back, in microseconds since some moment before the service started.
    """

    schema_version: Literal[1] = 1
    seq: Annotated[int, Field(ge=1)]
    utc_us: int
    monotonic_us: int
    body: StripRecord | Event
