"""What is asked about a strip, and what is answered."""

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from stripsight.checks import Finding
from stripsight.errors import IdInvalid
from stripsight.frame import FrameData
from stripsight.recipe import Place
from stripsight.verdict import Cause, Judgement, RegionResult, rejected

if TYPE_CHECKING:
    from stripsight.engine import Inference  # it brings ONNX Runtime

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,63}")


def check_id(name: str, value: str) -> None:
    """Raise IdInvalid unless `value` is an id; `name` is its field."""
    if not _ID.fullmatch(value):
        expected, found = "1 to 64 letters, digits and . _ : / + -", ascii(value[:64])
        raise IdInvalid(f"{name}: expected {expected}, found {found}", field=name, found=found)


class HeatmapWhich(StrEnum):
    """Patches that get a heatmap."""

    REJECTED = "rejected"
    ALL = "all"
    NONE = "none"


class HeatmapStyle(StrEnum):
    """How a heatmap is scaled: by the region's threshold, or in the paper's min-max form (eq. 10 and 11)."""

    ANCHORED = "anchored"
    MINMAX = "minmax"


@dataclass(frozen=True)
class HeatmapOptions:
    """Which heatmaps to render, and how."""

    which: HeatmapWhich = HeatmapWhich.REJECTED
    style: HeatmapStyle = HeatmapStyle.ANCHORED


@dataclass(frozen=True)
class StripKey:
    """Lot, strip and number: the same for a call that is repeated. `simulated` has no part in that.

    Ids are 1 to 64 letters, digits and . _ : / + - of ASCII, and begin with a letter or digit. `strip_seq` is
    0 to 2^63 - 1. Raises IdInvalid.
    """

    lot_id: str
    strip_id: str
    strip_seq: int
    simulated: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        """Check the ids: they go into records, logs and file names as they are."""
        for name, value in (("strip_id", self.strip_id), ("lot_id", self.lot_id)):
            check_id(name, value)
        if not 0 <= self.strip_seq < 1 << 63:
            raise IdInvalid(
                f"strip_seq: expected 0 to 2^63 - 1, found {self.strip_seq}",
                field="strip_seq",
                found=self.strip_seq,
            )


@dataclass(frozen=True, kw_only=True)
class StripHeader:
    """All that is said about a strip but its frames. `product`, when given, must be the bundle's.

    Raises IdInvalid as StripKey does.
    """

    strip_id: str
    lot_id: str
    strip_seq: int
    heatmaps: HeatmapOptions = HeatmapOptions()
    product: str = ""
    simulated: bool = False

    def __post_init__(self) -> None:
        """Check the ids."""
        _ = self.key

    @property
    def key(self) -> StripKey:
        """Which strip it is."""
        return StripKey(self.lot_id, self.strip_id, self.strip_seq, self.simulated)


@dataclass(frozen=True, kw_only=True)
class StripRequest(StripHeader):
    """A strip to inspect whose frames came all at once."""

    frames: tuple[FrameData, ...]


@dataclass(frozen=True)
class RejectedEarly:
    """One frame that alone rejects its strip, whatever the others show.

    `findings` are those of its image check; without any, `regions` are those whose score in this frame is not
    accepted, the one furthest past its threshold first.
    """

    frame: int
    causes: tuple[Cause, ...]
    findings: tuple[Finding, ...] = ()
    regions: tuple[RegionResult, ...] = ()


@dataclass(frozen=True)
class Heatmap:
    """A colour PNG of one patch's size, and the place in the frame that it belongs to."""

    place: Place
    style: HeatmapStyle
    png: bytes


@dataclass(frozen=True)
class Inspection:
    """All that is known about one inspected strip.

    `heatmaps_left_out` counts those asked for that there was no time for. `stages` and `total_s` are in
    seconds; the latter leaves out what passed between the frames of a streamed strip. `frame_digests` are sha256 (hex)
    of the bytes as sent, in the recipe's order. `record_seq` and `record_hash` (SHA-256, 32 bytes) are its place in the
    record; 0 and empty while it is not on record. `inference` is what the graphs said of all patches; None when they
    were not asked, and for an answer out of the record.
    """

    strip_id: str
    lot_id: str
    strip_seq: int
    judgement: Judgement
    findings: tuple[Finding, ...]
    heatmaps: tuple[Heatmap, ...]
    heatmaps_left_out: int
    stages: dict[str, float]
    total_s: float
    bundle_id: str
    provider: str
    frame_digests: tuple[str, ...]
    record_seq: int = 0
    record_hash: bytes = b""
    inference: "Inference | None" = field(default=None, repr=False, compare=False)


Answers = Generator[RejectedEarly, None, Inspection]
"""What a strip is answered with: at most one word ahead, then the inspection, which is returned."""


def returned(answers: Answers) -> Inspection:
    """Pass over what comes ahead, and return the inspection."""
    while True:
        try:
            next(answers)
        except StopIteration as end:
            inspection: Inspection = end.value
            return inspection


def late(header: StripHeader, bundle_id: str, provider: str) -> Inspection:
    """Return the answer for a strip whose inspection has not come to one in time."""
    return Inspection(
        strip_id=header.strip_id,
        lot_id=header.lot_id,
        strip_seq=header.strip_seq,
        judgement=rejected(Cause.LATE),
        findings=(),
        heatmaps=(),
        heatmaps_left_out=0,
        stages={},
        total_s=0.0,
        bundle_id=bundle_id,
        provider=provider,
        frame_digests=(),
    )
