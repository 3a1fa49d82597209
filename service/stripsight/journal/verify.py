"""Does the record hold together? Names the first record that does not, what was expected and what was found. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stripsight.ed25519 import PublicKey
from stripsight.journal.canonical import NotCanonical, parse
from stripsight.journal.chain import Link, linked
from stripsight.journal.checkpoint import holds
from stripsight.journal.record import Entry, Event, EventKind
from stripsight.journal.tables import Row, columns


@dataclass(frozen=True)
class Fault:
    """The first bad record: its number, what was expected there and what was found."""

    seq: int
    expected: str
    found: str

    def __str__(self) -> str:
        """Write it as one sentence."""
        return f"record {self.seq}: expected {self.expected}, found {self.found}"


class Verifier:
    """Walks along a chain. `link` is the last place that is good, `signed` the last one under a checkpoint."""

    def __init__(self, journal_id: str, key: PublicKey, before: Link, witnesses: Iterable[Link] = ()) -> None:
        """Begin after `before`. A witness is a place that somebody else knows: the head, a reply."""
        self._journal_id = journal_id
        self._key = key
        self._witnesses = {witness.seq: witness for witness in witnesses}
        self.link = before
        self.signed = before
        self.last: Entry | None = None

    def walk(self, rows: Iterable[Row]) -> Fault | None:
        """Check rows in ascending order of `seq`, to the end of the chain; return the first fault."""
        for row in rows:
            fault = self._step(row)
            if fault is not None:
                return fault
        return self._end()

    def _step(self, row: Row) -> Fault | None:
        seq = self.link.seq + 1
        if row["seq"] != seq:
            return Fault(seq, f"record {seq} after record {self.link.seq}", f"record {row['seq']}")
        if not all(isinstance(row[name], bytes | memoryview) for name in ("form", "hash")):
            return Fault(seq, "form and hash as bytes", "something else")
        try:
            entry = parse(bytes(row["form"]))
        except NotCanonical as error:
            return Fault(seq, "the form of a record", str(error))
        link = linked(self.link, bytes(row["form"]))
        fault = self._columns(row, entry) or self._hash(row, link) or self._checkpoint(entry)
        if fault is None:
            self.link, self.last = link, entry
        return fault

    def _columns(self, row: Row, entry: Entry) -> Fault | None:
        derived: dict[str, Any] = columns(entry) | {"journal_id": self._journal_id}
        for name, value in derived.items():
            if row[name] != value:
                return Fault(self.link.seq + 1, f"{name} {value}, as in its form", f"{name} {row[name]}")
        return None

    def _hash(self, row: Row, link: Link) -> Fault | None:
        if bytes(row["hash"]) != link.hash:
            return Fault(link.seq, f"hash {link.hash.hex()}", f"hash {bytes(row['hash']).hex()}")
        witness = self._witnesses.get(link.seq, link)
        if witness != link:
            return Fault(link.seq, f"hash {witness.hash.hex()}, as witnessed", f"hash {link.hash.hex()}")
        return None

    def _checkpoint(self, entry: Entry) -> Fault | None:
        if not isinstance(entry.body, Event) or entry.body.kind is not EventKind.CHECKPOINT:
            return None
        if not holds(self._key, self._journal_id, entry.body.facts, self.link):
            since = f"of records {self.signed.seq + 1} to {self.link.seq} with hash {self.link.hash.hex()}"
            return Fault(entry.seq, f"a signature {since}", f"a checkpoint of hash {entry.body.facts.get('hash')}")
        self.signed = self.link
        return None

    def _end(self) -> Fault | None:
        beyond = [witness for seq, witness in self._witnesses.items() if seq > self.link.seq]
        if beyond:
            last = max(beyond)
            return Fault(self.link.seq + 1, f"records up to {last.seq} with hash {last.hash.hex()}", "the end")
        return None
