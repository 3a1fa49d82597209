"""What becomes of a strip with one bundle against what became of it with another. Pure."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from stripsight.strip import Inspection
from stripsight.verdict import Cause, RegionResult, Verdict


class Change(StrEnum):
    """What became of the verdict."""

    ACCEPT_TO_REJECT = "accept to reject"
    REJECT_TO_ACCEPT = "reject to accept"
    UNCHANGED = "unchanged"


class Left(StrEnum):
    """Why a strip on record is not compared."""

    OTHER_PRODUCT = "of another product"
    NO_PICTURES = "without pictures"
    REFUSED = "refused, never judged"
    LATE = "late, never judged"
    NOT_IN_PICTURES = "rejected for what pictures do not show"


@dataclass(frozen=True)
class Tried:
    """A strip before and after, by what its pictures show: that it was LATE plays no part.

    `place_before` and `place_after` are the same region, the one that decides: the worst of the side that rejects, else
    of the later one; None on a side without scores. `score_difference` is the largest of any patch, None without scores
    on both sides. `same_bundle` tells that one bundle has judged both.
    """

    record_seq: int
    strip_id: str
    lot_id: str
    strip_seq: int
    before: Verdict
    after: Verdict
    causes_before: tuple[Cause, ...]
    causes_after: tuple[Cause, ...]
    place_before: RegionResult | None
    place_after: RegionResult | None
    messages: tuple[str, ...]
    score_difference: float | None
    same_bundle: bool

    @property
    def change(self) -> Change:
        """What became of the verdict."""
        if self.before is self.after:
            return Change.UNCHANGED
        return Change.ACCEPT_TO_REJECT if self.after is Verdict.REJECT else Change.REJECT_TO_ACCEPT


def tried(before: Inspection, after: Inspection) -> Tried:
    """Compare two inspections of one strip."""
    causes_before, causes_after = _causes(before), _causes(after)
    decides = before if causes_before and not causes_after else after
    worst = max(_regions(decides), key=lambda region: region.strain, default=None)
    return Tried(
        record_seq=before.record_seq,
        strip_id=before.strip_id,
        lot_id=before.lot_id,
        strip_seq=before.strip_seq,
        before=_verdict(causes_before),
        after=_verdict(causes_after),
        causes_before=causes_before,
        causes_after=causes_after,
        place_before=_at(before, worst),
        place_after=_at(after, worst),
        messages=tuple(finding.message for finding in decides.findings),
        score_difference=_difference(before.judgement.scores, after.judgement.scores),
        same_bundle=before.bundle_id == after.bundle_id,
    )


@dataclass(frozen=True)
class Outcome:
    """All strips that were tried, and how many were left out for which reason."""

    strips: tuple[Tried, ...]
    left: Counter[Left]

    @property
    def counts(self) -> dict[Change, int]:
        """How many verdicts became what."""
        counted = Counter(strip.change for strip in self.strips)
        return {change: counted[change] for change in Change}

    @property
    def changed(self) -> list[Tried]:
        """The strips whose verdict changes."""
        return [strip for strip in self.strips if strip.change is not Change.UNCHANGED]

    @property
    def same(self) -> list[Tried]:
        """The strips that this very bundle has judged before."""
        return [strip for strip in self.strips if strip.same_bundle]

    @property
    def same_difference(self) -> float:
        """The largest difference of a score among `same`; 0 means that all are equal to the bit."""
        return max((strip.score_difference or 0.0 for strip in self.same), default=0.0)


def _causes(inspection: Inspection) -> tuple[Cause, ...]:
    return tuple(cause for cause in inspection.judgement.causes if cause is not Cause.LATE)


def _verdict(causes: tuple[Cause, ...]) -> Verdict:
    return Verdict.REJECT if causes else Verdict.ACCEPT


def _regions(inspection: Inspection) -> Iterable[RegionResult]:
    return (region for vial in inspection.judgement.vials for region in vial.regions)


def _at(inspection: Inspection, place: RegionResult | None) -> RegionResult | None:
    if place is None:
        return None
    named = place.vial, place.region
    return next((region for region in _regions(inspection) if (region.vial, region.region) == named), None)


def _difference(before: tuple[float, ...], after: tuple[float, ...]) -> float | None:
    if not before or len(before) != len(after):
        return None
    return max(_off(one, other) for one, other in zip(before, after, strict=True))


def _off(one: float, other: float) -> float:
    if repr(one) == repr(other):  # also where it is not a number
        return 0.0
    return abs(one - other) if math.isfinite(one) and math.isfinite(other) else math.inf
