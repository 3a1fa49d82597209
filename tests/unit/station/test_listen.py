"""Who hears of an inspection, and what of it."""

from dataclasses import replace
from typing import Any

import pytest

from stripsight.errors import FrameCountError
from stripsight.frame import FrameData
from stripsight.station.listeners import Frames
from stripsight.strip import Inspection
from stripsight.verdict import Verdict

Bench = Any  # conftest.Bench


class Heard:
    """Keeps what it hears, with the frames."""

    def __init__(self) -> None:
        self.all: list[tuple[Inspection, tuple[FrameData, ...]]] = []

    def __call__(self, inspection: Inspection, frames: Frames) -> None:
        """Hear of one."""
        self.all.append((inspection, tuple(frames())))


def test_a_listener_hears_of_each_inspection_once_with_its_frames(bench: Bench) -> None:
    """Of either call, with its place in the record; not of a repeat, nor of a call that was refused."""
    heard = Heard()
    bench.station.listen(heard)
    whole = bench.inspect(bench.clock(), None)
    bench.inspect(bench.clock(), None, bench.request)
    *_, streamed = bench.streamed([0.1, 0.2, 0.3])
    with pytest.raises(FrameCountError):
        bench.inspect(bench.clock(), None, replace(bench.request, strip_seq=9, frames=bench.request.frames[:2]))
    frames = bench.request.frames
    assert heard.all == [(whole, frames), (streamed, frames)]
    assert [inspection.record_seq for inspection, _ in heard.all] == [1, 2]


def test_a_listener_that_fails_costs_nobody_anything(bench: Bench) -> None:
    """The answer leaves as it is, and the next one hears of it."""

    def broken(inspection: Inspection, frames: Frames) -> None:
        raise ZeroDivisionError

    heard = Heard()
    bench.station.listen(broken)
    bench.station.listen(heard)
    assert bench.inspect(bench.clock(), None).judgement.verdict is Verdict.ACCEPT
    assert len(heard.all) == 1
