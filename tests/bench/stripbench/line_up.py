"""Starts those who are measured, each in a process of its own, on the same strips."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from plain.client import PlainClient, request

from stripbench.bare import run_bare
from stripbench.contestants import Bare, Contestant, Plain
from stripbench.plain_process import cuts, generator, run_plain
from stripbench.serving import Serving, serving
from stripbench.strips import Requests, batches
from stripbench.worker import worker
from stripsight.bundle import Bundle
from stripsight_lab.demo.rendering import Frames


@dataclass(frozen=True)
class LineUp:
    """What all contestants have in common. `log` is the file for the server's log."""

    bundle: Bundle
    frames: Frames
    provider: str
    threads: int
    log: Path

    @contextmanager
    def service(self) -> Iterator[tuple[Serving, Requests]]:
        """Start the service; the requests are numbered from 1."""
        with serving(self.bundle.path, self.provider, self.threads, self.log) as server:
            yield server, Requests(self.frames, self.bundle.recipe, lot_id="bench")

    @contextmanager
    def references(self) -> Iterator[Sequence[Contestant]]:
        """Start the bare graph and the plain service."""
        cut = batches(self.frames, self.bundle.recipe)
        boxes = cuts(self.bundle.recipe)
        messages = [request(str(at), strip.astype(np.float32)) for at, strip in enumerate(self.frames)]
        with ExitStack() as stack:
            bare = stack.enter_context(worker(run_bare, self.bundle.path, self.provider, self.threads, cut))
            plain = stack.enter_context(worker(run_plain, generator(self.bundle.graph), self.provider, boxes))
            client = stack.enter_context(PlainClient(f"127.0.0.1:{plain.ready}"))
            contestants: list[Contestant] = [Bare.of(bare, len(cut)), Plain.of(client, plain.pid, messages)]
            for contestant in contestants:
                contestant.prepare()()  # warm as the service is
            yield contestants
