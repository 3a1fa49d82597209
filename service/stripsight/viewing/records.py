"""What is on record, for those who look at it while strips are inspected."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from stripsight.background import lower_priority
from stripsight.errors import Overloaded, RecordError, RecordNotFound, RecordsDamaged
from stripsight.journal.reader import Reader
from stripsight.journal.record import StripRecord
from stripsight.journal.wanted import Wanted
from stripsight.strip import StripKey
from stripsight.viewing.kept import KeptFrames
from stripsight.viewing.recorded import Recorded, recorded
from stripsight.viewing.token import place_of, token_of

T = TypeVar("T")


class Records:
    """Reads the record that a service writes, over connections of its own, in threads of low priority."""

    def __init__(self, folder: Path, frames: KeptFrames, at_once: int) -> None:
        """Open the record in `folder`, whose frames are in `frames`; `at_once` questions are taken at a time.

        Raises RecordError.
        """
        self._reader = Reader(folder)
        self._frames = frames
        self._places = threading.Semaphore(at_once)
        self._at_once = at_once
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="records", initializer=lower_priority)

    def close(self) -> None:
        """Close the record, once the questions under way are answered."""
        self._threads.shutdown(cancel_futures=True)
        self._reader.close()

    def page(self, wanted: Wanted, count: int, token: str) -> tuple[list[Recorded], str]:
        """Return at most `count` strips, the latest first, and the token of the next page, empty for none.

        `token` is empty for the first page. Raises PageTokenInvalid, Overloaded and RecordError.
        """
        before = place_of(token, wanted, self._reader.journal_id) if token else None
        return self.ask(lambda: self._page(wanted, count, before))

    def one(self, which: int | StripKey) -> Recorded:
        """Return the strip with a record's number, or with a key. Raises RecordNotFound, Overloaded, RecordError."""
        return self.ask(lambda: self._one(which))

    def at(self, seq: int) -> Recorded:
        """Return the strip with a record's number, as it is; in the thread that asks. Raises as `one` does."""
        return self._one(seq)

    def ask(self, question: Callable[[], T]) -> T:
        """Answer a question in a thread of low priority. Raises Overloaded, and what it raises."""
        if not self._places.acquire(blocking=False):
            raise Overloaded(f"{self._at_once} others look at the record: no place is left", waiting_max=self._at_once)
        try:
            return self._threads.submit(question).result()
        except RecordsDamaged as error:
            raise RecordError(error.message) from error
        finally:
            self._places.release()

    def _page(self, wanted: Wanted, count: int, before: int | None) -> tuple[list[Recorded], str]:
        page = self._reader.page(wanted, count, before)
        found = [self._with_frames(recorded(kept, overruled=overruled)) for kept, overruled in page.kept]
        token = "" if page.before is None else token_of(page.before, wanted, self._reader.journal_id)
        return found, token

    def _one(self, which: int | StripKey) -> Recorded:
        kept = self._reader.at(which) if isinstance(which, int) else self._reader.strip(which)
        if kept is None or not isinstance(kept.entry.body, StripRecord):
            raise RecordNotFound(f"expected an inspection on record, found none: {which}")
        record = kept.entry.body
        key = StripKey(record.lot_id, record.strip_id, record.strip_seq)
        return self._with_frames(recorded(kept, overruled=self._reader.is_overruled(key)))

    def _with_frames(self, found: Recorded) -> Recorded:
        digests = found.record.frame_digests
        return replace(found, frames_kept=bool(digests) and all(self._frames.has(digest) for digest in digests))
