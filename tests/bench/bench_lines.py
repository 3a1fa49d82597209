"""How many lines one machine carries: `python tests/bench/bench_lines.py [--lines 1 2 4] [--strips 60]`.

A line is a server of its own, with its own ports, record and metrics. All get a strip every 500 ms, evenly out of step,
from a client each. A line is carried when none of its strips is late. Fair is the largest median over the smallest.
"""

import argparse
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from stripbench.facts import facts
from stripbench.serving import Serving, serving
from stripbench.strips import Requests, rendered_strips

from stripsight.bundle import Bundle, load
from stripsight_lab.demo.rendering import Frames

_FAR_S = 60.0
_WARM = 5


@dataclass(frozen=True)
class Line:
    """What one of several lines saw; times in milliseconds from when a strip was due."""

    lines: int
    line: int
    strips: int
    late: int
    p50_ms: float
    p99_ms: float


def run(bundle: Bundle, lines: int, frames: Frames, options: argparse.Namespace) -> list[Line]:
    """Have `lines` servers inspect side by side. Raises ServerDied, ServiceError."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [
            stack.enter_context(serving(bundle.path, options.provider, options.threads, folder / f"{line}.log"))
            for line in range(lines)
        ]
        begin = time.monotonic() + 1.0
        cadence_s = options.cadence_ms / 1e3
        with ThreadPoolExecutor(lines) as clients:
            waits = [
                clients.submit(_waits, server, Requests(frames, bundle.recipe, f"line-{line}"), options.strips, at)
                for line, server in enumerate(servers)
                for at in [(begin + line * cadence_s / lines, cadence_s)]
            ]
        slot_ms = bundle.recipe.slot.duration_ms
        return [_line(lines, line, np.array(found.result()), slot_ms) for line, found in enumerate(waits)]


def _waits(server: Serving, requests: Requests, strips: int, at: tuple[float, float]) -> list[float]:
    """Milliseconds from when each strip was due to its answer, whatever became of those before it."""
    begin, cadence_s = at
    waits = []
    for number in range(_WARM + strips):
        request, due = requests.following(), begin + number * cadence_s
        time.sleep(max(0.0, due - time.monotonic()))
        server.client.send(request, timeout_s=_FAR_S)
        waits.append(1e3 * (time.monotonic() - due))
    return waits[_WARM:]


def _line(lines: int, line: int, waits: "np.ndarray[tuple[int], np.dtype[np.float64]]", slot_ms: int) -> Line:
    p50, p99 = np.quantile(waits, [0.5, 0.99], method="inverted_cdf")
    return Line(lines, line + 1, len(waits), int((waits > slot_ms).sum()), float(p50), float(p99))


def main() -> None:
    """Print a table, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--strips", type=int, default=60)
    parser.add_argument("--cadence-ms", type=float, default=500)
    parser.add_argument("--provider", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--bundle", type=Path, default=Path("models/bundles/bfs-5x4"))
    parser.add_argument("--out", type=Path, default=Path("out/bench/lines.json"))
    options = parser.parse_args()
    bundle = load(options.bundle)
    where, frames = facts(bundle_id=bundle.bundle_id, provider=options.provider), rendered_strips(bundle.recipe)
    found = [line for lines in options.lines for line in run(bundle, lines, frames, options)]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    told = {"facts": where.model_dump(mode="json"), "lines": [asdict(line) for line in found]}
    options.out.write_text(json.dumps(told, indent=1) + "\n")
    console = Console()
    console.print(_table(found, where.machine))
    console.print(f"Lines that this machine carries, of those tried: {_carried(found)}")


def _carried(found: list[Line]) -> int:
    """The most lines side by side of which none was late."""
    late = {one.lines: 0 for one in found}
    for one in found:
        late[one.lines] += one.late
    return max((lines for lines, count in late.items() if count == 0), default=0)


def _table(found: list[Line], machine: str) -> Table:
    table = Table(title=f"Lines side by side on {machine}, ms after a strip was due")
    for name in ("lines", "line", "strips", "late", "p50", "p99", "fair"):
        table.add_column(name, justify="right")
    for one in found:
        p50s = [other.p50_ms for other in found if other.lines == one.lines]
        fair = f"{max(p50s) / min(p50s):.2f}" if one.line == 1 else ""
        numbers = (one.lines, one.line, one.strips, one.late)
        table.add_row(*map(str, numbers), f"{one.p50_ms:.0f}", f"{one.p99_ms:.0f}", fair)
    return table


if __name__ == "__main__":
    main()
