"""How long a line is without an inspection after a crash: from SIGKILL to SERVING, on the same record.

    python tests/bench/bench_restart.py [--restarts 5] [--provider cpu] [--bundle models/bundles/bfs-5x4]

What a supervisor waits before it starts the service again (RestartSec=) comes on top.
"""

import argparse
import os
import signal
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from stripsight.client import Client
from stripsight_lab.demo.server_process import ServerProcess

READY_S = 120.0


def restarts(bundle: Path, provider: str, count: int) -> list[float]:
    """Kill a server `count` times; how long each next one took to serve, in seconds. Raises ServerDied."""
    took = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        options = ("--provider", provider, "--record-dir", str(Path(folder) / "records"))
        server = stack.enter_context(ServerProcess(bundle, Path(folder) / "log", *options))
        server.ready(READY_S)
        for _ in range(count):
            os.kill(server.pid, signal.SIGKILL)
            killed = time.monotonic()
            server.ended.wait()
            server = stack.enter_context(ServerProcess(bundle, Path(folder) / "log", *options))
            with Client(server.ready(READY_S)) as client:
                assert client.is_serving()
            took.append(time.monotonic() - killed)
    return took


def main() -> None:
    """Read the options, measure, say."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", type=Path, default=Path("models/bundles/bfs-5x4"))
    options.add_argument("--provider", choices=["cpu", "cuda"], default="cpu")
    options.add_argument("--restarts", type=int, default=5)
    chosen = options.parse_args()
    took = restarts(chosen.bundle, chosen.provider, chosen.restarts)
    print(f"{len(took)} restarts: median {statistics.median(took):.1f} s, longest {max(took):.1f} s")


if __name__ == "__main__":
    main()
