"""Several times as many strips as one lane can take: who is refused, how fast, and what it costs the others."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from stripbench.percentiles import percentiles
from stripbench.serving import Serving, serving
from stripbench.strips import Requests, rendered_strips

from stripsight.bundle import load
from stripsight.client import ServiceError
from stripsight.frame import crc32c
from stripsight.inspection.v1.inspection_service_pb2 import InspectStripRequest

_SENDERS = 32


def overloaded(bundle: Path, strips: int, times: float) -> dict[str, Any]:
    """Send `strips` one by one, then as many at `times` the rate that the lane can take, open loop; times in ms.

    Open loop: a strip is sent when it is due, whatever became of those before it. A time runs from when the request is
    handed to the client library to its answer: that the library writes the message, `written_ms`, is part of it.
    """
    recipe = load(bundle).recipe
    requests = Requests(rendered_strips(recipe), recipe, lot_id="L")
    with TemporaryDirectory() as folder, serving(bundle, "cpu", 0, Path(folder) / "log") as server:
        load_of = _Load(server, requests)
        load_of.send()  # the first strip is not like the others
        alone = [load_of.send()[1] for _ in range(strips)]
        written = [load_of.write() for _ in range(strips)]
        cadence_s = percentiles(alone)["p50"] / 1000 / times
        offered = load_of.offer(strips * round(times), cadence_s)
    admitted = [ms for reason, ms in offered if not reason]
    refused = [ms for reason, ms in offered if reason == "OVERLOADED"]
    return {
        "times": times,
        "offered": len(offered),
        "admitted": len(admitted),
        "refused": len(refused),
        "other": len(offered) - len(admitted) - len(refused),
        "alone_ms": percentiles(alone),
        "written_ms": percentiles(written),
        "admitted_ms": percentiles(admitted),
        "refused_ms": percentiles(refused),
    }


def unlike_others(request: InspectStripRequest) -> InspectStripRequest:
    """Change one pixel of each frame by its last bit: the service takes frames that come again for a hanging camera."""
    for frame in request.frames:
        data = bytearray(frame.data)
        data[request.strip_seq % len(data)] ^= 1
        frame.data, frame.crc32c = bytes(data), crc32c(bytes(data))
    return request


class _Load:
    def __init__(self, server: Serving, requests: Requests) -> None:
        self._client, self._requests, self._lock = server.client, requests, threading.Lock()

    def send(self) -> tuple[str, float]:
        """Send a strip; return why it was not inspected, or nothing, and how long that took."""
        with self._lock:
            request = unlike_others(self._requests.following("none"))
        began, reason = time.perf_counter(), ""
        try:
            reply = self._client.send(request, timeout_s=60).reply
            reason = "" if reply.inspection.stage_times.HasField("infer_ms") else "NOT_INFERRED"
        except ServiceError as error:
            reason = error.reason
        return reason, 1000 * (time.perf_counter() - began)

    def write(self) -> float:
        """Return how long the client library takes to write a strip's message, in ms."""
        request = self._requests.following("none")
        began = time.perf_counter()
        request.SerializeToString()
        return 1000 * (time.perf_counter() - began)

    def offer(self, strips: int, cadence_s: float) -> Sequence[tuple[str, float]]:
        """Send strips when they are due, each in a thread of its own."""
        start = time.monotonic()
        with ThreadPoolExecutor(_SENDERS) as pool:
            sent = []
            for number in range(strips):
                time.sleep(max(0.0, start + number * cadence_s - time.monotonic()))
                sent.append(pool.submit(self.send))
        return [one.result() for one in sent]
