"""Lots read back from the record: all of them at a start, one when somebody asks."""

import heapq
from collections.abc import Iterable, Iterator

from stripsight.errors import RecordsDamaged
from stripsight.journal.reader import Kept, Reader, Wanted
from stripsight.journal.record import LOT_KINDS, Event, EventKind
from stripsight.lots.book import LotBook
from stripsight.lots.facts import note_of
from stripsight.lots.ledger import Ledger
from stripsight.lots.lot import Lot
from stripsight.lots.notes import Answered, Closed, Note, Opened

Placed = tuple[int, Note]


def replay(book: LotBook, reader: Reader) -> None:
    """Have `book` follow all that the record says of lots, with the strips of the one that is open.

    Raises RecordError.
    """
    events = list(_events(reader, None))
    closed = {note.lot_id for _, note in events if isinstance(note, Closed)}
    still = [(seq, note) for seq, note in events if isinstance(note, Opened) and note.lot_id not in closed]
    placed: Iterable[Placed] = events
    for seq, note in still:
        placed = _in_order(placed, reader, note.lot_id, seq)
    for _, one in placed:
        book.take(one)


def lot_of(reader: Reader, lot_id: str) -> Lot | None:
    """Return what the record says of a lot; None for one that was not opened. Raises RecordError."""
    events = list(_events(reader, lot_id))
    opened = max((seq for seq, note in events if isinstance(note, Opened)), default=0)
    ledger = Ledger(lot_id)
    placed: Iterable[Placed] = _in_order(events, reader, lot_id, opened) if opened else ()
    for _, note in placed:
        ledger.take(note)
    return ledger.lot


def _events(reader: Reader, lot_id: str | None) -> Iterator[Placed]:
    for kept in reader.find(Wanted(kinds=(*LOT_KINDS, EventKind.OVERRULED), lot_id=lot_id)):
        note = _note(kept)
        if note is not None:
            yield kept.link.seq, note


def _in_order(events: Iterable[Placed], reader: Reader, lot_id: str, after_seq: int) -> Iterator[Placed]:
    strips = (
        (seq, Answered(lot_id, strip_id, outcome, seq)) for seq, strip_id, outcome in reader.outcomes(lot_id, after_seq)
    )
    return heapq.merge(events, strips, key=lambda placed: placed[0])


def _note(kept: Kept) -> Note | None:
    try:
        return note_of(kept.link.seq, kept.entry.utc_us, kept.entry.body)
    except (KeyError, ValueError) as error:
        kind = kept.entry.body.kind if isinstance(kept.entry.body, Event) else "strip"
        raise RecordsDamaged(f"record {kept.link.seq}: expected the facts of {kind}, found {error!r}") from error
