"""Notes about lots to the record's events and back. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from stripsight.journal.record import Event, EventKind, StripRecord
from stripsight.lots.lot import ChallengeRun, Occasion
from stripsight.lots.notes import Answered, Challenged, Closed, Note, Opened, Overruled

Facts = dict[str, str | int | float]
_SENTENCE_MAX = 300


def challenge_facts(lot_id: str, occasion: Occasion, strips: int, missed: Sequence[str], began_seq: int) -> Facts:
    """Return the facts of a run: how many strips were missed, and a sentence for each."""
    sentences = {f"missed_{number}": text[:_SENTENCE_MAX] for number, text in enumerate(missed, 1)}
    counted: Facts = {"lot_id": lot_id, "occasion": str(occasion), "strips": strips, "missed": len(missed)}
    return counted | {"began_seq": began_seq} | sentences


def note_of(seq: int, utc_us: int, body: StripRecord | Event) -> Note | None:
    """Return what record `seq`, written at `utc_us` (since 1970), says about lots; None for what says nothing."""
    if isinstance(body, StripRecord):
        return Answered(body.lot_id, body.strip_id, str(body.verdict), seq)
    at, facts = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=utc_us), body.facts
    lot_id, who = str(facts.get("lot_id", "")), str(facts.get("who", ""))
    match body.kind:
        case EventKind.CHALLENGE:
            return Challenged(lot_id, _run(seq, at, facts))
        case EventKind.LOT_OPENED:
            return Opened(lot_id, str(facts["product"]), who, at)
        case EventKind.LOT_CLOSED:
            return Closed(lot_id, who, at)
        case EventKind.OVERRULED:
            return Overruled(lot_id, int(facts["seq"]))
    return None


def _run(seq: int, at: datetime, facts: Mapping[str, str | int | float]) -> ChallengeRun:
    return ChallengeRun(
        ended_at=at,
        occasion=Occasion(str(facts["occasion"])),
        strips=int(facts["strips"]),
        missed=tuple(str(facts[f"missed_{number}"]) for number in range(1, int(facts["missed"]) + 1)),
        began_seq=int(facts["began_seq"]),
        record_seq=seq,
    )
