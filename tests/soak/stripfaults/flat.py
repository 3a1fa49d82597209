"""Thousands of strips on one server: do memory, descriptors, threads or times rise?"""

import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from stripbench.percentiles import slope
from stripbench.serving import serving

from stripfaults.history import Broken
from stripsight.bundle import load

# What a process still sets up with its first strips is no slope.
_FIRST = 0.1
MEASURED = ("memory_mib", "descriptors", "threads", "round_trip_ms")


def flat(bundle: Path, strips: int, seed: int) -> tuple[dict[str, Any], Counter[str]]:
    """Send strips back to back; return each slope per 1000 strips with its 95 % interval, and the verdicts.

    `seed` is where the strips' numbers begin. Raises Broken when one was not judged.
    """
    values: dict[str, list[float]] = {name: [] for name in MEASURED}
    verdicts: Counter[str] = Counter()
    loaded = load(bundle)
    product = loaded.recipe.product.name
    with TemporaryDirectory() as folder, serving(bundle, "cpu", 1, Path(folder) / "log") as server:
        process = psutil.Process(server.pid)
        for number in range(strips):
            strip = loaded.challenge[number % len(loaded.challenge)]
            ids: dict[str, Any] = {
                "strip_id": "S",
                "lot_id": f"L-{number // 1000}",
                "product": product,
            }
            began = time.perf_counter()
            reply = server.client.inspect(strip.frames, **ids, strip_seq=seed + number, timeout_s=60).reply
            values["round_trip_ms"].append(1000 * (time.perf_counter() - began))
            values["memory_mib"].append(process.memory_info().rss / 2**20)
            values["descriptors"].append(process.num_fds())
            values["threads"].append(process.num_threads())
            verdicts[strip.verdict.name] += 1
            if reply.inspection.verdict != {"ACCEPT": 2, "REJECT": 1}[strip.verdict.name]:
                raise Broken(f"strip {number}: expected {strip.verdict.name}")
    return {name: vars(slope(found[int(_FIRST * strips) :])) for name, found in values.items()}, verdicts
