"""Lots to messages. Enums go by name: a missing counterpart fails at import, not in a call."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from stripsight.inspection.v1 import lot_service_pb2 as pb
from stripsight.lots.lot import ChallengeRun, Lot, LotState, Occasion, StripsInDoubt

_STATES = {member: pb.LotState.Value(f"LOT_STATE_{member}") for member in LotState}
_OCCASIONS = {member: pb.ChallengeOccasion.Value(f"CHALLENGE_OCCASION_{member}") for member in Occasion}


def lot_message(lot: Lot) -> pb.Lot:
    """Write a lot."""
    return pb.Lot(
        lot_id=lot.lot_id,
        product=lot.product,
        state=_STATES[lot.state],
        opened_by=lot.opened_by,
        opened_at=_time(lot.opened_at),
        closed_by=lot.closed_by,
        closed_at=None if lot.closed_at is None else _time(lot.closed_at),
        accepted=lot.accepted,
        rejected=lot.rejected,
        refused=lot.refused,
        challenges=[challenge_run_message(run) for run in lot.challenges],
        in_doubt=None if lot.in_doubt is None else _in_doubt(lot.in_doubt),
    )


def challenge_run_message(run: ChallengeRun) -> pb.ChallengeRun:
    """Write a run of the challenge strips."""
    return pb.ChallengeRun(
        ended_at=_time(run.ended_at),
        occasion=_OCCASIONS[run.occasion],
        strips=run.strips,
        missed=run.missed,
        record_seq=run.record_seq,
    )


def _in_doubt(strips: StripsInDoubt) -> pb.StripsInDoubt:
    return pb.StripsInDoubt(
        first_record_seq=strips.first_record_seq,
        last_record_seq=strips.last_record_seq,
        accepted_strip_ids=strips.accepted_strip_ids,
        accepted=strips.accepted,
    )


def _time(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
