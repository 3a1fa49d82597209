"""What a client was answered, held against what is on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stripsight.errors import RecordError
from stripsight.journal.chain import Link
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import EventKind, Outcome, StripRecord


class Broken(Exception):
    """A promise that was not kept."""


@dataclass(frozen=True)
class Found:
    """What a record holds: strips by verdict, and how often a service had to recover it."""

    accepts: int
    others: int
    recoveries: int


def checked(folder: Path, accepts: Mapping[int, Link], rejects: Mapping[int, Link] | None = None) -> Found:
    """Open the record as the next service would, and look at it: `accepts` are the places of those a client got.

    `rejects` are the places that came with other verdicts. Raises Broken when the record does not verify, a strip has
    two records, or one is not on record as it was answered, and RecordError when no service could go on with it.
    """
    Journal(folder, Policy(), _fails).close("OK")
    reader = Reader(folder)
    fault = reader.verify().fault
    strips = reader.find(Wanted(kinds=("strip",)))
    recoveries = len(reader.find(Wanted(kinds=(EventKind.RECOVERY,))))
    overruled = reader.overruled()
    reader.close()
    if fault is not None:
        raise Broken(f"the record does not verify: {fault}")
    kept = {
        body.strip_seq: (one.link, body.verdict) for one in strips if isinstance(body := one.entry.body, StripRecord)
    }
    if len(kept) != len(strips):
        raise Broken(f"{len(strips)} records of {len(kept)} strips")
    for number, link in accepts.items():
        if kept.get(number) != (link, Outcome.ACCEPT) or link.seq in overruled:
            raise Broken(f"strip {number} was accepted as record {link}, found {kept.get(number)}")
    for number, link in (rejects or {}).items():
        if number not in kept or kept[number][0] != link:
            raise Broken(f"strip {number} was rejected as record {link}, found {kept.get(number)}")
    found = sum(verdict is Outcome.ACCEPT for _, verdict in kept.values())
    return Found(accepts=found, others=len(kept) - found, recoveries=recoveries)


def _fails(error: RecordError) -> None:
    raise Broken(f"the record cannot be gone on with: {error.message}")
