"""What the commands of `stripsight records` read, and the arguments they read it by."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stripsight.cli.ending import end
from stripsight.errors import RecordError
from stripsight.exits import Exit

if TYPE_CHECKING:
    from stripsight.journal.chain import Link
    from stripsight.journal.lot import Lot
    from stripsight.journal.reader import Reader


def lot_of(reader: "Reader", lot_id: str) -> "Lot":
    """Return all that is on record about a lot; without strips the command ends."""
    from stripsight.journal.lot import Lot, strips_of
    from stripsight.journal.reader import Wanted
    from stripsight.journal.record import LOT_KINDS, EventKind
    from stripsight.lots import replay

    strips = reader.find(Wanted(kinds=("strip",), lot_id=lot_id))
    if not strips:
        end(f"expected strips of lot {lot_id}, found none", Exit.ERROR)
    apart = (EventKind.CHECKPOINT, EventKind.OVERRULED, *LOT_KINDS)
    kinds = tuple(kind for kind in EventKind if kind not in apart)
    first_us, after_us = strips[0].entry.utc_us, strips[-1].entry.utc_us + 1
    # What was loaded last before the lot began belongs to it: there its challenge set passed.
    loaded = reader.find(Wanted(kinds=(EventKind.BUNDLE,), until_us=first_us), 1)
    during = reader.find(Wanted(kinds=kinds, since_us=first_us, until_us=after_us))
    return Lot(lot_id, tuple(strips_of(strips, reader.overruled())), (*loaded, *during), replay.lot_of(reader, lot_id))


@contextmanager
def opened(folder: Path) -> Iterator["Reader"]:
    """Open the record in `folder`; what is wrong with it ends the command."""
    from stripsight.journal.reader import Reader

    try:
        reader = Reader(folder)
        try:
            yield reader
        finally:
            reader.close()
    except RecordError as error:
        end(f"{error.reason}: {error.message}", Exit.RECORD)


def witnessed(text: str) -> "Link":
    """Read SEQ:HASH."""
    from stripsight.journal.chain import Link

    if not re.fullmatch(r"[0-9]{1,19}:[0-9a-fA-F]{64}", text):
        end(f"witness: expected SEQ:HASH with 64 hexadecimal digits, found {text!r}", Exit.ERROR)
    seq, _, digest = text.partition(":")
    return Link(int(seq), bytes.fromhex(digest))


def time_us(text: str | None) -> int | None:
    """Read a time as microseconds since 1970."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        end(f"expected a time such as 2026-01-31T08:00, found {text!r}", Exit.ERROR)
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1_000_000)
