"""Shows a run while it goes on: a live view on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight_lab.demo import words
from stripsight_lab.demo.machine import Recorder
from stripsight_lab.demo.record import Record
from stripsight_lab.demo.results import Result, summarise
from stripsight_lab.demo.view import LiveView, Run

_A_LINE_EVERY = 10


@contextmanager
def watching(console: Console, run: Run, record: Record) -> Iterator[Recorder]:
    """Give what the machine calls with each result."""
    if not console.is_terminal:
        yield _plain(console, run, record)
        return
    # Drawing takes time from the server on two cores: twice a second, once a strip, is enough for the eye.
    with Live(LiveView(run, lambda: record.results), console=console, refresh_per_second=2, transient=True):
        yield record.add


def _plain(console: Console, run: Run, record: Record) -> Recorder:
    """A line for each strip that went wrong, and one every ten strips."""

    def add(result: Result, inspection: pb.Inspection | None) -> None:
        done = record.add(result, inspection)
        if result.misjudged or result.fail_safe:
            console.print(words.strip_line(result), soft_wrap=True)
        if len(done) % _A_LINE_EVERY == 0 or len(done) == run.strips:
            console.print(words.progress_line(summarise(done), len(done), run.strips), soft_wrap=True)

    return add
