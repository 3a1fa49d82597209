"""One server's life, from start to stop, in this process, so that its seams are at hand; and a client of it."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from stripfaults.history import Broken
from stripfaults.seams import FaultyEngine, LeapingClock
from stripfaults.shim import Shim
from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, ServiceError, is_accept, regions_of
from stripsight.errors import RecordError
from stripsight.exits import Exit
from stripsight.frame import FrameData
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.journal.chain import Link
from stripsight.rpc.server import Server
from stripsight.settings import Settings

SLOT_S = 60.0  # so long that this machine's own time plays no part
LEAP_S = 10 * SLOT_S
# After its commit an answer's time is looked at twice before it leaves; a leap at a later reading is nobody's to see.
_LOOKS = 2


class Life:
    """A server, and what its client was answered. `accepts` and `rejects` are places on record by strip number."""

    def __init__(self, bundle: Bundle, engine: FaultyEngine, clock: LeapingClock, shim: Shim, folder: Path) -> None:
        """Not begun yet. `folder` is the record's."""
        settings = Settings(
            bundle=bundle.path,
            listen="127.0.0.1:0",
            metrics_listen="127.0.0.1:0",
            provider="cpu",
            development_mode=True,
            slot_ms=round(SLOT_S * 1000),
            record_dir=folder,
            record_checkpoint_rows=1_000_000,  # no checkpoint writes while an accept is looked at
        )
        self._bundle, self._clock, self._shim = bundle, clock, shim
        self._server = Server(settings, lambda *_: engine, clock)
        self._open = ExitStack()
        self._began = self._committed = 0
        self.accepts: dict[int, Link] = {}
        self.rejects: dict[int, Link] = {}
        self.answers: dict[str, int] = {}

    def begins(self) -> bool:
        """Start and connect; False when the record cannot be opened or begun."""
        self._open.callback(self._server.stop)
        try:
            self._server.start()
            self._server.record.journal.listen(self._note)
            self._server.ready()
        except RecordError:
            return False
        self._client = self._open.enter_context(Client(str(self._server.address)))
        self._regions = regions_of(self._client.status().product)
        return True

    def lives_well(self, frames: tuple[FrameData, ...], strips: int) -> bool:
        """Live from start to stop with a few good strips; tell whether all went as if nothing were wrong."""
        try:
            begun = self.begins()
            answers = [self.ask(number, frames) for number in range(1, 1 + strips)] if begun else []
            if begun:
                self.ends()
        finally:
            self.close()
        return answers == strips * ["ACCEPT"] and not self._server.record.journal.failed

    def ask(self, number: int, frames: tuple[FrameData, ...], *, streamed: bool = False) -> str:
        """Have a strip judged, see that what comes back may be, and return it: ACCEPT, causes, or the reason."""
        self._began = self._committed = self._clock.readings
        try:
            answer = self._asked(number, frames, streamed)
        except ServiceError as error:
            return self._counted(error.reason or error.code)
        link = Link(answer.reply.inspection.record_seq, answer.reply.inspection.record_hash)
        if not self._accepted(answer):
            self.rejects |= {number: link} if link.seq else {}
            return self._counted("+".join(_causes(answer)))
        self._accept_may_be(streamed)
        if self.accepts.setdefault(number, link) != link:
            raise Broken(f"strip {number} was accepted as {self.accepts[number]} and as {link}")
        return self._counted("ACCEPT")

    def connect(self) -> None:
        """Connect anew, as a machine does whose connection broke."""
        self._client.close()
        self._client = self._open.enter_context(Client(str(self._server.address)))

    def ends(self) -> None:
        """Stop, as a signal or a failure has asked. Raises Broken when a failure of the record is not the reason."""
        failed = self._server.record.journal.failed
        self._server.end(Exit.OK)
        how = self._server.wait()
        self._server.drain()
        if (failed and how not in (Exit.RECORD, Exit.ENGINE)) or (how is Exit.RECORD and not failed):
            raise Broken(f"the record {'failed' if failed else 'is well'}, and the service ended with {how.name}")

    def close(self) -> None:
        """Give everything back."""
        self._open.close()

    def _asked(self, number: int, frames: tuple[FrameData, ...], streamed: bool) -> Answer:
        ids: dict[str, Any] = {"strip_id": f"S-{number}", "lot_id": "L-1", "product": self._bundle.recipe.product.name}
        if not streamed:
            return self._client.inspect(frames, **ids, strip_seq=number, timeout_s=SLOT_S)
        with self._client.stream(**ids, strip_seq=number, timeout_s=SLOT_S) as stream:
            for frame in frames:
                stream.send(frame)
            return stream.answer()

    def _accepted(self, answer: Answer) -> bool:
        return is_accept(
            answer.request,
            answer.reply,
            bundle_id=self._bundle.bundle_id,
            regions=self._regions,
            elapsed_s=answer.elapsed_s,
            slot_s=SLOT_S,
            call_s=2 * LEAP_S,  # its steps are timed by the clock that leaps
        )

    def _accept_may_be(self, streamed: bool) -> None:
        """See that it is on disk, and that no time had run out when it left: an arrival after a leap is in time."""
        if self._shim.unsynced():
            raise Broken("an accept left before its record was synced")
        if not streamed and self._began + 1 < self._clock.leapt_at <= self._committed + _LOOKS:
            raise Broken("an accept left after its slot")

    def _note(self, _: Link) -> None:
        self._committed = self._clock.readings

    def _counted(self, what: str) -> str:
        self.answers[what] = self.answers.get(what, 0) + 1
        return what


def _causes(answer: Answer) -> list[str]:
    return [pb.Cause.Name(cause).removeprefix("CAUSE_") for cause in answer.reply.inspection.causes]
