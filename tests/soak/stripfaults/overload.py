"""Several times as many strips as one lane can take: who is refused, how fast, and what it costs the others."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from stripbench.percentiles import percentiles
from stripbench.serving import Serving, serving

from stripsight.bundle import Bundle, load
from stripsight.client import ServiceError

_SENDERS = 32


def overloaded(bundle: Path, strips: int, times: float) -> dict[str, Any]:
    """Send `strips` one by one, then as many at `times` the rate that the lane can take, open loop; times in ms.

    Open loop: a strip is sent when it is due, whatever became of those before it.
    """
    loaded = load(bundle)
    with TemporaryDirectory() as folder, serving(bundle, "cpu", 0, Path(folder) / "log") as server:
        load_of = _Load(server, loaded)
        alone = [load_of.send()[1] for _ in range(strips)]
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
        "admitted_ms": percentiles(admitted),
        "refused_ms": percentiles(refused),
    }


class _Load:
    def __init__(self, server: Serving, bundle: Bundle) -> None:
        self._client, self._bundle = server.client, bundle
        self._numbers, self._lock = count(1), threading.Lock()

    def send(self) -> tuple[str, float]:
        """Send a strip; return why it was refused, or nothing, and how long that took."""
        with self._lock:
            number = next(self._numbers)
        ids: dict[str, Any] = {"strip_id": "S", "lot_id": "L", "product": self._bundle.recipe.product.name}
        began, reason = time.perf_counter(), ""
        try:
            self._client.inspect(self._bundle.challenge[0].frames, **ids, strip_seq=number, timeout_s=60)
        except ServiceError as error:
            reason = error.reason
        return reason, 1000 * (time.perf_counter() - began)

    def offer(self, strips: int, cadence_s: float) -> Sequence[tuple[str, float]]:
        """Send strips when they are due, each in a thread of its own."""
        start = time.monotonic()
        with ThreadPoolExecutor(_SENDERS) as pool:
            sent = []
            for number in range(strips):
                time.sleep(max(0.0, start + number * cadence_s - time.monotonic()))
                sent.append(pool.submit(self.send))
        return [one.result() for one in sent]
