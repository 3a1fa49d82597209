"""An inspection, or the error that a call ended with, to a record and back. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from stripsight import checks
from stripsight.bundle import Bundle
from stripsight.errors import UNKNOWN, StripsightError
from stripsight.journal.record import Finding, Layout, Outcome, Refusal, StripRecord
from stripsight.strip import Inspection, StripKey
from stripsight.verdict import Cause, Judgement, Verdict, worst_of_frames


@dataclass(frozen=True)
class Source:
    """What every record of a service shares: the bundle that judges and what computes."""

    bundle: Bundle
    provider: str

    @property
    def layout(self) -> Layout:
        """How the scores are ordered."""
        recipe = self.bundle.recipe
        return Layout(
            frames=recipe.frame.indices,
            vials=tuple(vial.name for vial in recipe.vials),
            regions=tuple(region.name for region in recipe.regions),
        )


def of_inspection(key: StripKey, inspection: Inspection, source: Source, since_arrival_s: float) -> StripRecord:
    """Return the record of a strip that was answered with a verdict."""
    judgement, layout = inspection.judgement, source.layout
    scores = judgement.scores
    return StripRecord(
        lot_id=key.lot_id,
        strip_id=key.strip_id,
        strip_seq=key.strip_seq,
        simulated=key.simulated,
        product=source.bundle.recipe.product.name,
        bundle_id=inspection.bundle_id,
        provider=inspection.provider,
        verdict=Outcome(judgement.verdict),
        causes=tuple(str(cause) for cause in judgement.causes),
        findings=tuple(
            Finding(cause=str(finding.cause), frame_index=finding.frame_index, message=finding.message)
            for finding in inspection.findings
        ),
        frame_digests=inspection.frame_digests,
        layout=layout,
        thresholds=tuple(source.bundle.thresholds[name] for name in layout.regions) if scores else (),
        scores=scores,
        heatmaps=len(inspection.heatmaps),
        stages_ms={stage: seconds * 1000 for stage, seconds in inspection.stages.items()},
        total_ms=inspection.total_s * 1000,
        since_arrival_ms=since_arrival_s * 1000,
    )


def of_refusal(key: StripKey, error: Exception, source: Source, since_arrival_s: float) -> StripRecord:
    """Return the record of a strip whose call ended with an error; a fault of ours is told as the client is told."""
    known = error if isinstance(error, StripsightError) else StripsightError(UNKNOWN)
    return StripRecord(
        lot_id=key.lot_id,
        strip_id=key.strip_id,
        strip_seq=key.strip_seq,
        simulated=key.simulated,
        product=source.bundle.recipe.product.name,
        bundle_id=source.bundle.bundle_id,
        provider=source.provider,
        verdict=Outcome.REFUSED,
        causes=(known.reason,),
        refusal=Refusal(reason=known.reason, message=known.message, field=known.field, facts=known.facts),
        since_arrival_ms=since_arrival_s * 1000,
    )


def to_error(refusal: Refusal) -> StripsightError:
    """Return the error that a call ended with, for a call that repeats it."""
    kind = _kinds(StripsightError).get(refusal.reason, StripsightError)
    return kind(refusal.message, field=refusal.field, **refusal.facts)


def to_inspection(record: StripRecord) -> Inspection:
    """Return the answer that was given. Its pictures are not on record, and no step was done for it again."""
    return Inspection(
        strip_id=record.strip_id,
        lot_id=record.lot_id,
        strip_seq=record.strip_seq,
        judgement=_judgement(record),
        findings=tuple(
            checks.Finding(Cause(finding.cause), finding.message, finding.frame_index) for finding in record.findings
        ),
        heatmaps=(),
        heatmaps_left_out=record.heatmaps,
        stages={},
        total_s=0.0,
        bundle_id=record.bundle_id,
        provider=record.provider,
        frame_digests=record.frame_digests,
    )


def _judgement(record: StripRecord) -> Judgement:
    layout = record.layout
    limits = dict(zip(layout.regions, record.thresholds, strict=False))
    return Judgement(
        verdict=Verdict(record.verdict),
        causes=tuple(Cause(cause) for cause in record.causes),
        vials=worst_of_frames(record.scores, layout.frames, layout.vials, limits) if record.scores else (),
        scores=record.scores,
    )


def _kinds(base: type[StripsightError]) -> Mapping[str, type[StripsightError]]:
    below = {reason: kind for child in base.__subclasses__() for reason, kind in _kinds(child).items()}
    return {base.reason: base} | below
