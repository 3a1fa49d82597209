"""The real server in a process of its own, and how long it took to serve."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from stripsight.client import Client
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight_lab.demo.server_process import ServerProcess

READY_S = 120.0
# The server's own slot is far beyond the line's, so that a slow answer is measured and not cut off.
_SLOT_MS = 60_000


@dataclass(frozen=True)
class Serving:
    """A server that inspects, and a client that is connected to it."""

    client: Client
    target: str
    pid: int
    provider: str
    to_serving_s: float


@contextmanager
def serving(bundle: Path, provider: str, threads: int, log: Path) -> Iterator[Serving]:
    """Start `stripsight serve`, its record in a folder of its own, and wait until it is ready. Raises ServerDied."""
    options = ("--provider", provider, "--threads", str(threads), "--slot-ms", str(_SLOT_MS))
    with ExitStack() as stack:
        records = stack.enter_context(TemporaryDirectory(prefix="stripbench-"))
        start = time.monotonic()
        process = stack.enter_context(ServerProcess(bundle, log, "--record-dir", records, *options))
        target = process.ready(READY_S)
        to_serving_s = time.monotonic() - start
        client = stack.enter_context(Client(target))
        found = pb.Provider.Name(client.status().provider).removeprefix("PROVIDER_").lower()
        yield Serving(client, target, process.pid, found, to_serving_s)
