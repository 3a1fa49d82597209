"""SIGKILL at random points under load: what clients received is held against the record."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from stripfaults.history import Broken, checked
from stripfaults.shim import Call, environment
from stripsight.bundle import Bundle
from stripsight.client import Client, ServiceError
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.journal.chain import Link

CLIENTS = 3
LIVES_A_RECORD = 10
# How far into its life a server is killed at most, in calls of a kind; 0 leaves it to a kill from outside.
REACH = {Call.OPEN: 16, Call.WRITE: 300, Call.SYNC: 60, Call.SEND: 150}
STRIPS_MOST = 40


class Nursery:
    """The program that forks servers, and one of them at a time."""

    def __init__(self, bundle: Path, shim: Path) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stripfaults.nursery", str(bundle)],
            env=os.environ | environment(shim, Path("/nowhere")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it: without a further line it has nothing to do."""
        self._process.communicate()

    def born(self, folder: Path, call: Call, nth: int) -> str:
        """Have a server serve a record; return its address, or nothing when it was killed before it was ready."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{folder} {call.name} {nth}\n")
        self._process.stdin.flush()
        for line in self._lines():
            if line["event"] == "born":
                self.pid = line["pid"]
            elif line["event"] in ("ready", "ended"):
                return str(line.get("listen", ""))
        raise Broken("the nursery ended")

    def died(self) -> int:
        """Wait for the server's end and return its status."""
        return next(int(line["status"]) for line in self._lines() if line["event"] == "ended")

    def _lines(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            with suppress(ValueError):  # the last words of one that was killed while it spoke
                line = json.loads(text)
                if isinstance(line, dict) and "event" in line:
                    yield line


class Clients:
    """Machines that send strips to one server until it is gone; `accepts` are the places of the accepts they got."""

    def __init__(self, bundle: Bundle, numbers: "count[int]") -> None:
        """`numbers` are those of the strips to come."""
        self._bundle, self._numbers = bundle, numbers
        self._frames = next(strip.frames for strip in bundle.challenge if strip.truth == "good")
        self._lock = threading.Lock()
        self.accepts: dict[int, Link] = {}
        self.sent = 0

    def load(self, address: str, enough: threading.Event) -> None:
        """Send strips from several clients, the last accepted one first; set `enough` after some. Raises Broken."""
        again = max(self.accepts, default=0)
        with ThreadPoolExecutor(CLIENTS) as pool:
            sending = [pool.submit(self._send, address, again, enough) for _ in range(CLIENTS)]
        enough.set()
        for sent in sending:
            sent.result()

    def _send(self, address: str, number: int, enough: threading.Event) -> None:
        with Client(address) as client:
            for mine in range(STRIPS_MOST):
                number = number or next(self._numbers)
                try:
                    self._ask(client, number)
                except ServiceError as error:
                    if error.code in ("UNAVAILABLE", "CANCELLED", "UNKNOWN"):
                        break
                number = 0
                if mine == STRIPS_MOST // 2:
                    enough.set()

    def _ask(self, client: Client, number: int) -> None:
        ids: dict[str, Any] = {"strip_id": f"S-{number}", "lot_id": "L", "product": self._bundle.recipe.product.name}
        self.sent += 1
        reply = client.inspect(self._frames, **ids, strip_seq=number, timeout_s=60).reply.inspection
        if reply.verdict == pb.VERDICT_ACCEPT:
            link = Link(reply.record_seq, reply.record_hash)
            with self._lock:
                if self.accepts.setdefault(number, link) != link:
                    raise Broken(f"strip {number} was accepted as {self.accepts[number]} and as {link}")


def killed(bundle: Bundle, shim: Path, kills: int, seed: int) -> Counter[str]:
    """Kill `kills` servers; return what was counted. Raises Broken when a promise was not kept."""
    chance, counts = random.Random(seed), Counter[str]()
    with Nursery(bundle.path, shim) as nursery:
        while counts["kills"] < kills:
            with TemporaryDirectory() as folder:
                clients = Clients(bundle, count(1))
                for _ in range(min(LIVES_A_RECORD, kills - counts["kills"])):
                    counts[_life(nursery, clients, Path(folder), chance)] += 1
                    counts["kills"] += 1
                found = checked(Path(folder), clients.accepts)
            counts.update(
                {
                    "strips sent": clients.sent,
                    "accepts received": len(clients.accepts),
                    "accepts on record": found.accepts,
                    "recoveries": found.recoveries,
                }
            )
    return counts


def _life(nursery: Nursery, clients: Clients, folder: Path, chance: random.Random) -> str:
    """Let a server live and be killed; return where."""
    call = chance.choice(list(Call))
    outside = chance.random() < 0.3
    address = nursery.born(folder, call, 0 if outside else chance.randint(1, REACH[call]))
    if not address:
        return "killed at the start"
    enough = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(clients.load, address, enough)
        if outside:
            enough.wait(chance.random())
        else:
            wait([load])
        with suppress(ProcessLookupError):
            os.kill(nursery.pid, signal.SIGKILL)
        load.result()
    if nursery.died() != -signal.SIGKILL:
        raise Broken("a server ended by itself")
    return "killed from outside" if outside else f"killed at {call.name.lower()}"
