"""The figures of a lot out of its records. Pure."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stripsight.journal.reader import Kept
from stripsight.journal.record import Outcome, StripRecord
from stripsight.lots import lot as lots
from stripsight.verdict import RegionResult, worst_of_frames

LATE = "LATE"


@dataclass(frozen=True)
class Strip:
    """A strip as it was answered. An accept that left too late was answered as a reject with LATE."""

    kept: Kept
    record: StripRecord
    overruled: bool

    @property
    def verdict(self) -> Outcome:
        """What the machine was told."""
        return Outcome.REJECT if self.overruled and self.record.verdict is Outcome.ACCEPT else self.record.verdict

    @property
    def causes(self) -> tuple[str, ...]:
        """Why, for what is no accept."""
        return (*self.record.causes, LATE) if self.overruled else self.record.causes

    @property
    def regions(self) -> tuple[RegionResult, ...]:
        """Each region's worst patch; none without scores."""
        record = self.record
        if not record.scores:
            return ()
        limits = dict(zip(record.layout.regions, record.thresholds, strict=True))
        vials = worst_of_frames(record.scores, record.layout.frames, record.layout.vials, limits)
        return tuple(region for vial in vials for region in vial.regions)

    @property
    def worst(self) -> RegionResult | None:
        """The region that came closest to its threshold or went furthest past it; None without scores."""
        return max(self.regions, key=_strain, default=None)


def _strain(region: RegionResult) -> float:
    return region.score / region.threshold if math.isfinite(region.score) else math.inf


@dataclass(frozen=True)
class Spread:
    """Percentiles by nearest rank, in milliseconds: each is a time that was measured."""

    p50: float
    p90: float
    p99: float
    largest: float


@dataclass(frozen=True)
class Lot:
    """One lot's strips in the order of their records, and the events around it.

    `told` is the lot that was opened and closed by call, with its challenges; None where nobody did.
    """

    lot_id: str
    strips: tuple[Strip, ...]
    events: tuple[Kept, ...]
    told: lots.Lot | None = None

    @property
    def verdicts(self) -> Counter[Outcome]:
        """How many strips were answered with what."""
        return Counter({outcome: 0 for outcome in Outcome} | Counter(strip.verdict for strip in self.strips))

    @property
    def causes(self) -> list[tuple[str, int]]:
        """How often each cause or reason was given, the most frequent first."""
        return Counter(cause for strip in self.strips for cause in strip.causes).most_common()

    @property
    def rejected_regions(self) -> Counter[tuple[str, str]]:
        """How often each (vial, region) was not accepted."""
        return Counter((r.vial, r.region) for strip in self.strips for r in strip.regions if not r.accepted)

    @property
    def places(self) -> tuple[list[str], list[str]]:
        """The vials and the regions that were inspected, in their order."""
        layouts = [strip.record.layout for strip in self.strips]
        return (
            list(dict.fromkeys(vial for layout in layouts for vial in layout.vials)),
            list(dict.fromkeys(region for layout in layouts for region in layout.regions)),
        )

    @property
    def times_ms(self) -> list[float]:
        """From a request's arrival to its record, for strips that were judged."""
        return [s.record.since_arrival_ms for s in self.strips if s.record.verdict is not Outcome.REFUSED]

    @property
    def bundles(self) -> list[tuple[str, str, str, int]]:
        """Bundle, product, what computed, and how many strips."""
        found = Counter((s.record.bundle_id, s.record.product, s.record.provider) for s in self.strips)
        return [(*key, count) for key, count in found.items()]

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """Runs of numbers between the lot's first and last that no strip has: (first, last) of each."""
        return gaps(strip.record.strip_seq for strip in self.strips)

    @property
    def doubles(self) -> list[int]:
        """Numbers that several strips have."""
        counted = Counter(strip.record.strip_seq for strip in self.strips)
        return sorted(number for number, count in counted.items() if count > 1)


def strips_of(found: Iterable[Kept], overruled: Collection[int]) -> list[Strip]:
    """Return the strips among records; `overruled` are numbers of records whose verdict left too late."""
    return [
        Strip(kept, kept.entry.body, kept.link.seq in overruled)
        for kept in found
        if isinstance(kept.entry.body, StripRecord)
    ]


def gaps(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return the runs that are missing between the least and the greatest number: (first, last) of each."""
    ordered = sorted(set(numbers))
    return [(low + 1, high - 1) for low, high in pairwise(ordered) if high - low > 1]


def spread(times_ms: Sequence[float]) -> Spread | None:
    """Return the percentiles of times; None when there are none."""
    ordered = sorted(times_ms)
    if not ordered:
        return None
    p50, p90, p99 = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.9, 0.99))
    return Spread(p50, p90, p99, ordered[-1])
