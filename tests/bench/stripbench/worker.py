"""A contestant's process: started fresh, spoken to by a pipe, ended with its block."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

STARTS_IN_S = 120.0


@dataclass(frozen=True)
class Worker:
    """A running process. `ready` is what it said first."""

    pid: int
    pipe: Connection
    ready: Any

    def ask(self, question: object) -> Any:
        """Send and wait for the answer. Raises EOFError when the process has died."""
        self.pipe.send(question)
        return self.pipe.recv()


@contextmanager
def worker(work: Callable[..., None], *arguments: object) -> Iterator[Worker]:
    """Run `work(pipe, *arguments)` in a process of its own, which says something once it is ready.

    Raises TimeoutError when it does not, EOFError when it dies before.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=work, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(STARTS_IN_S):
            raise TimeoutError(f"{work.__name__}: expected it to be ready within {STARTS_IN_S:.0f} s, it was not")
        yield Worker(process.pid or 0, ours, ours.recv())
    finally:
        process.terminate()
        process.join()
        ours.close()
