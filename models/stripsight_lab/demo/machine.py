"""The simulated machine: as on a line, a strip is sent every slot, answered or not, at once or as it is acquired."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stripsight.client import Client, ServiceError, frame_message, is_accept, regions_of
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight_lab.demo.answers import read
from stripsight_lab.demo.mix import truth_of
from stripsight_lab.demo.rendering import Frames
from stripsight_lab.demo.results import Result, Truth
from stripsight_lab.line import KitItem
from stripsight_lab.line.geometry import FRAMES_PER_ACQUISITION

# The first strip is prepared and the connection made before the clock starts.
_LEAD_S = 0.1
_ACQUISITION_S = 0.15  # where the frames are sent together, when it is over

Recorder = Callable[[Result, pb.Inspection | None], object]


@dataclass(frozen=True)
class Order:
    """What the machine works to: lot, product, the bundle that must judge, slot and cadence in seconds.

    With `acquisition_s` above 0, the time from the first to the last frame that the camera takes, each inspected frame
    is sent when it is taken; else all are sent in one call when the last is. A strip is due with the last of these.
    """

    lot_id: str
    product: service_pb.Product
    bundle_id: str
    slot_s: float
    cadence_s: float
    acquisition_s: float = 0.0

    def before_last_s(self, index: int) -> float:
        """How long before the last inspected frame that of `index` is taken."""
        frames = max(self.product.frame_indices) - index
        return (self.acquisition_s or _ACQUISITION_S) * frames / (FRAMES_PER_ACQUISITION - 1)


@dataclass(frozen=True)
class _Sent:
    request: service_pb.InspectStripRequest
    truth: Truth
    due: float  # on the monotonic clock
    due_s: float  # since the clock of the run started


class Machine:
    """Sends strips and acts on the answers: what is not an accept in time is a reject."""

    def __init__(self, client: Client, order: Order, record: Recorder) -> None:
        """`record` gets each strip's result once, and the inspection behind it; from any thread."""
        self._client = client
        self._order = order
        self._record = record

    def run(self, kit: Sequence[KitItem], frames: Frames, stop: threading.Event) -> None:
        """Send every strip of `kit` with its row of `frames`, uint8 [S, F, H, W]; end early once `stop` is.

        Strip k is due at k cadences from the start. Nothing waits for an answer, so a server that is too slow
        shows as late strips and not as a slower machine. Returns when every strip sent has its result.
        """
        cadence, ahead = self._order.cadence_s, self._order.acquisition_s
        start = time.monotonic() + _LEAD_S + ahead
        with ThreadPoolExecutor(self._most_in_flight()) as pool:
            calls = []
            for row, item in enumerate(kit):
                request = self._request(row + 1, item.strip_id, frames[row])
                due = start + row * cadence
                if stop.wait(max(0.0, due - ahead - time.monotonic())):
                    break
                sent = _Sent(request, truth_of(item, tuple(self._order.product.vials)), due, row * cadence)
                calls.append(pool.submit(self._inspect, sent))
        for call in calls:
            call.result()  # a fault of the demo itself is not passed over

    def _most_in_flight(self) -> int:
        # No call outlives its slot, so these are never all busy.
        return math.ceil((self._order.slot_s + self._order.acquisition_s) / self._order.cadence_s) + 2

    def _request(self, number: int, strip_id: str, frames: Frames) -> service_pb.InspectStripRequest:
        product = self._order.product
        messages = [frame_message(frame, product.frame_indices, at) for at, frame in enumerate(frames)]
        last = datetime.now(UTC)
        for message in messages:
            message.capture_time.FromDatetime(last - timedelta(seconds=self._order.before_last_s(message.index)))
        return service_pb.InspectStripRequest(
            strip_id=strip_id,
            lot_id=self._order.lot_id,
            strip_seq=number,
            product=product.name,
            frames=messages,
            simulated=True,
        )

    def _inspect(self, sent: _Sent) -> None:
        reply, error = self._answered(sent)
        elapsed = time.monotonic() - sent.due
        result = Result(
            strip_seq=sent.request.strip_seq,
            strip_id=sent.request.strip_id,
            truth=sent.truth,
            due_ms=round(sent.due_s * 1000, 3),
            round_trip_ms=round(elapsed * 1000, 3),
            accepted=self._accepts(sent.request, reply, elapsed),
            late=elapsed >= self._order.slot_s,
        )
        self._record(read(result, reply, error), reply.inspection if reply else None)

    def _answered(self, sent: _Sent) -> tuple[service_pb.InspectStripResponse | None, ServiceError | None]:
        left_s = sent.due + self._order.slot_s - time.monotonic()
        try:
            if self._order.acquisition_s:
                return self._stream(sent, left_s), None
            return self._client.send(sent.request, timeout_s=left_s).reply, None
        except ServiceError as error:
            return None, error

    def _stream(self, sent: _Sent, left_s: float) -> service_pb.InspectStripResponse:
        """Send each frame at its time. Raises ServiceError."""
        asked = sent.request
        with self._client.stream(
            strip_id=asked.strip_id,
            lot_id=asked.lot_id,
            strip_seq=asked.strip_seq,
            product=asked.product,
            simulated=asked.simulated,
            timeout_s=left_s,
        ) as stream:
            for frame in asked.frames:
                taken = sent.due - self._order.before_last_s(frame.index)
                time.sleep(max(0.0, taken - time.monotonic()))
                stream.send(frame)
            return stream.answer().reply

    def _accepts(
        self,
        request: service_pb.InspectStripRequest,
        reply: service_pb.InspectStripResponse | None,
        elapsed: float,
    ) -> bool:
        return is_accept(
            request,
            reply,
            bundle_id=self._order.bundle_id,
            regions=regions_of(self._order.product),
            elapsed_s=elapsed,
            slot_s=self._order.slot_s,
            call_s=elapsed + self._order.acquisition_s,
        )
