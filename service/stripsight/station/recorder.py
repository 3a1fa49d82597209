"""The one place where an answer becomes a record before it leaves, and where a strip gets its answer again."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import structlog

from stripsight.errors import IdReused, RecordError, StreamLeft
from stripsight.frame import FrameData
from stripsight.journal.answers import of_inspection, of_refusal, to_error, to_inspection
from stripsight.journal.chain import Link
from stripsight.journal.journal import Journal
from stripsight.journal.record import StripRecord
from stripsight.live import LiveBundle
from stripsight.metrics import Call, Metrics
from stripsight.station.slot import Slot
from stripsight.station.under_way import UnderWay
from stripsight.strip import Answers, Inspection, StripKey
from stripsight.timing import Clock
from stripsight.verdict import Cause

# A refusal is no accept: rather than wait any longer for a disk, it leaves.
_REFUSAL_S = 1.0

_log = structlog.get_logger()


@dataclass(frozen=True)
class Asked:
    """A call about a strip.

    `frames` gives its frames, and waits for those that are still on their way; `taken` gives those that were worked on.
    `live` is the bundle that the strip came to.
    """

    call: Call
    key: StripKey
    frames: Callable[[], Sequence[FrameData]]
    taken: Callable[[], Sequence[FrameData]]
    slot: Slot
    live: LiveBundle


class Recorder:
    """Keeps the answers of one station. Calls may come from any thread."""

    def __init__(
        self,
        journal: Journal,
        metrics: Metrics,
        answered: Callable[[Asked, Inspection], None] = lambda *_: None,
        clock: Clock = time.monotonic,
    ) -> None:
        """`answered` hears of each inspection that is on record; `clock` is the one that times are given in."""
        self._journal = journal
        self._metrics = metrics
        self._answered = answered
        self._clock = clock
        self.under_way = UnderWay(clock)

    def answers(self, asked: Asked, work: Callable[[], Answers]) -> Answers:
        """Yield and return what `work` does, whose end, of whatever kind, is on record before it leaves.

        A strip that is on record gets its answer from there. Raises SlotTooShort, IdReused, RecordError, and what
        `work` raises.
        """
        key, slot = asked.key, asked.slot
        with self.under_way.alone(key, slot.leaves):
            known = self.known(key, asked.frames)
            if known is not None:  # an accept of the past leaves no later than one of now
                return _rejected(known, Cause.LATE) if self._clock() > slot.leaves else known
            with self.refusals(asked):
                inspection = yield from work()
            kept = self.keep(asked, inspection)
        self._report(asked, kept, self._clock() - slot.arrived())
        return kept

    def known(self, key: StripKey, frames: Callable[[], Sequence[FrameData]]) -> Inspection | None:
        """Return the answer that is on record, or None for a strip that has none.

        Raises the error that is on record, IdReused when the record is of other frames, and RecordError.
        """
        found = self._journal.find(key)
        if found is None:
            return None
        entry, link, overruled = found
        if not isinstance(entry.body, StripRecord):
            raise RecordError(f"record {link.seq}: expected a strip, found {entry.body.kind}")
        _check_frames(entry.body, link, frames)
        _log.info("repeated", strip_id=key.strip_id, lot_id=key.lot_id, strip_seq=key.strip_seq, record_seq=link.seq)
        if entry.body.refusal is not None:
            raise to_error(entry.body.refusal)
        answer = _placed(to_inspection(entry.body), link)
        return _rejected(answer, Cause.LATE) if overruled else answer

    @contextmanager
    def refusals(self, asked: Asked) -> Iterator[None]:
        """Put the error that ends the block on record, and raise it on."""
        try:
            yield
        except Exception as error:
            self._refuse(asked, error)
            raise
        except GeneratorExit:  # a stream's answers are wanted no more
            self._refuse(asked, StreamLeft("the client left before its strip was answered"))
            raise

    def _refuse(self, asked: Asked, error: Exception) -> None:
        if self._journal.failed:
            return
        record = of_refusal(asked.key, error, asked.live.source, self._clock() - asked.slot.arrived())
        # When this fails too, the journal has said so, and the call ends with an error as it is.
        with suppress(TimeoutError):
            self._journal.strip(record).exception(_REFUSAL_S)

    def keep(self, asked: Asked, inspection: Inspection) -> Inspection:
        """Put an answer on record and return it as it may leave: with its place, or as a reject.

        A commit that has not returned when the answer has to leave makes it LATE, one that failed RECORD_FAILED.
        """
        began, key, until = self._clock(), asked.key, asked.slot.leaves
        record = of_inspection(key, inspection, asked.live.source, began - asked.slot.arrived())
        future = self._journal.strip(record)
        try:
            link = future.result(max(0.0, until - began))
        except TimeoutError:
            return self._overruled(key, inspection, future)
        except RecordError:
            return _rejected(inspection, Cause.RECORD_FAILED)
        took = self._clock() - began
        self._metrics.inspections.stages_took({"record": took})
        stages = inspection.stages | {"record": took}
        answer = _placed(replace(inspection, stages=stages, total_s=inspection.total_s + took), link)
        return self._overruled(key, answer, future) if self._clock() > until else answer

    def _overruled(self, key: StripKey, answer: Inspection, future: "Future[Link]") -> Inspection:
        """Answer LATE, and have that on record beside a verdict that says otherwise."""

        def overrule(done: "Future[Link]") -> None:
            if done.exception() is None:
                self._journal.overrule(key, done.result().seq)

        if Cause.LATE not in answer.judgement.causes:
            future.add_done_callback(overrule)
        return _rejected(answer, Cause.LATE)

    def _report(self, asked: Asked, inspection: Inspection, duration_s: float) -> None:
        self._metrics.inspections.answered(inspection.judgement, duration_s, asked.call)
        self._answered(asked, inspection)
        _log.info(
            "inspected",
            call=asked.call,
            strip_id=inspection.strip_id,
            lot_id=inspection.lot_id,
            strip_seq=inspection.strip_seq,
            verdict=str(inspection.judgement.verdict),
            causes=[str(cause) for cause in inspection.judgement.causes],
            **{f"{stage}_ms": round(seconds * 1000, 2) for stage, seconds in inspection.stages.items()},
            answered_ms=round(duration_s * 1000, 2),
            bundle_id=inspection.bundle_id[:12],
            record_seq=inspection.record_seq,
            record_hash=inspection.record_hash.hex(),
        )


def _check_frames(record: StripRecord, link: Link, frames: Callable[[], Sequence[FrameData]]) -> None:
    """An accept belongs to the pictures that earned it: the same ids with others get no answer of the record."""
    if not record.frame_digests:
        return
    ordered = sorted(frames(), key=lambda frame: frame.index)
    if tuple(hashlib.sha256(frame.data).hexdigest() for frame in ordered) != record.frame_digests:
        raise IdReused(
            f"strip {record.strip_id}, number {record.strip_seq} of lot {record.lot_id}: expected the frames of "
            f"record {link.seq}, found others",
            field="strip_seq",
            record_seq=link.seq,
        )


def _placed(answer: Inspection, link: Link) -> Inspection:
    return replace(answer, record_seq=link.seq, record_hash=link.hash)


def _rejected(answer: Inspection, cause: Cause) -> Inspection:
    return replace(answer, judgement=answer.judgement.and_rejected(cause))
