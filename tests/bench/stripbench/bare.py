"""The bare graph in a process of its own: no server, no client, no frames, only the batch and the session."""

import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stripsight.bundle import load
from stripsight.rpc.server import start_engine
from stripsight.settings import Settings

Batch = NDArray[np.uint8]


def bare_graph(bundle: Path, provider: str, threads: int) -> Callable[[Batch], object]:
    """Return what runs the bundle's graph on one strip: the server's own engine, so with the server's options."""
    settings: Any = {"bundle": bundle, "provider": provider, "threads": threads}
    loaded = load(bundle)
    engine = start_engine(loaded, Settings(**settings))
    engine.warm_up(loaded.recipe.patch_count)
    return engine.infer


def run_bare(pipe: Connection, bundle: Path, provider: str, threads: int, batches: Sequence[Batch]) -> None:
    """Answer each number that comes through the pipe with the milliseconds that its batch took."""
    infer = bare_graph(bundle, provider, threads)
    pipe.send("ready")
    while True:
        batch = batches[pipe.recv()]
        start = time.perf_counter()
        infer(batch)
        pipe.send(1e3 * (time.perf_counter() - start))
