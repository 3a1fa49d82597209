"""What is asked about a strip, and what is answered."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from stripsight.checks import Finding
from stripsight.errors import IdInvalid
from stripsight.frame import FrameData
from stripsight.recipe import Place
from stripsight.verdict import Judgement

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,63}")


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
            if not _ID.fullmatch(value):
                expected, found = "1 to 64 letters, digits and . _ : / + -", ascii(value[:64])
                raise IdInvalid(f"{name}: expected {expected}, found {found}", field=name, found=found)
        if not 0 <= self.strip_seq < 1 << 63:
            raise IdInvalid(
                f"strip_seq: expected 0 to 2^63 - 1, found {self.strip_seq}",
                field="strip_seq",
                found=self.strip_seq,
            )


@dataclass(frozen=True)
class StripRequest:
    """One strip to inspect. `product`, when given, must be the bundle's. Raises IdInvalid as StripKey does."""

    strip_id: str
    lot_id: str
    strip_seq: int
    frames: tuple[FrameData, ...]
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
    seconds. `frame_digests` are sha256 (hex) of the bytes as sent, in the recipe's order. `record_seq` and
    `record_hash` (SHA-256, 32 bytes) are its place in the record; 0 and empty while it is not on record.
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
