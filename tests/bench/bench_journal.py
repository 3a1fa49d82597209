"""How long the record of a strip takes, from the call to the commit on disk: p50, p90, p99, max.

    python tests/bench/bench_journal.py [--strips 2000] [--cadence-ms 0] [--folder DIR]

Records are of the size that ships (60 scores). Beside it, the same bytes in a plain file with one fsync each: what
this disk itself takes. Both alternate, so that they meet the same disk. The folder must be on the disk that counts.
"""

import argparse
import json
import math
import os
import tempfile
import time
from pathlib import Path

from stripsight.errors import RecordError
from stripsight.journal.canonical import form
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.record import Entry, Layout, Outcome, StripRecord


def strip(number: int) -> StripRecord:
    """A strip as the bundle that ships judges it."""
    layout = Layout(frames=(0, 7, 15), vials=tuple(f"V{n}" for n in range(1, 6)), regions=("R0", "R1", "R2", "R3"))
    return StripRecord(
        lot_id="bench",
        strip_id=f"S-{number:07d}",
        strip_seq=number,
        simulated=True,
        product="bfs-5x4",
        bundle_id="b" * 64,
        provider="cpu",
        verdict=Outcome.ACCEPT,
        frame_digests=("0" * 64,) * 3,
        layout=layout,
        thresholds=(5.4857, 10.6737, 11.6479, 11.5247),
        scores=tuple(math.sqrt(2 + at) for at in range(60)),
        stages_ms={name: 1.0 / 3 for name in ("decode", "check", "crop", "infer", "judge", "render")},
        total_ms=100.0 / 3,
        since_arrival_ms=100.0 / 3,
    )


def failed(error: RecordError) -> None:
    """End at once."""
    raise SystemExit(str(error))


def timed(strips: int, cadence_s: float, folder: Path) -> dict[str, list[float]]:
    """Time journal and plain file in turn, in milliseconds."""
    journal = Journal(folder / "records", Policy(), failed)
    plain = os.open(folder / "plain", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times: dict[str, list[float]] = {"record": [], "fsync alone": []}
    for number in range(1, strips + 1):
        record = strip(number)
        data = form(Entry(seq=number, utc_us=1, monotonic_us=1, body=record))
        began = time.perf_counter()
        journal.strip(record).result()
        times["record"].append((time.perf_counter() - began) * 1000)
        time.sleep(cadence_s)
        began = time.perf_counter()
        os.write(plain, data)
        os.fsync(plain)
        times["fsync alone"].append((time.perf_counter() - began) * 1000)
    os.close(plain)
    journal.close("OK")
    return times


def percentiles(times_ms: list[float]) -> dict[str, float]:
    """By nearest rank."""
    ordered = sorted(times_ms)
    ranks = {name: math.ceil(share * len(ordered)) - 1 for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))}
    return {name: round(ordered[at], 3) for name, at in ranks.items()} | {"max": round(ordered[-1], 3)}


def main() -> None:
    """Run it and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strips", type=int, default=2000)
    parser.add_argument("--cadence-ms", type=float, default=0.0)
    parser.add_argument("--folder", type=Path, default=Path())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="bench-journal-") as folder:
        times = timed(options.strips, options.cadence_ms / 1000, Path(folder))
        size = (Path(folder) / "records" / "records.db").stat().st_size
    found = {name: percentiles(values) for name, values in times.items()}
    print(json.dumps({"strips": options.strips, "bytes_a_strip": round(size / options.strips), "ms": found}, indent=2))


if __name__ == "__main__":
    main()
