"""What a station asks of lots before and after it inspects a strip."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stripsight.errors import LotNotOpen, LotStopped, NotReady, StripsightError
from stripsight.journal.record import Outcome

Bench = Any  # conftest.Bench


def ended(bench: Bench, call: Callable[[], object]) -> type[StripsightError]:
    """Return the kind of error that a call ended with, which is on record for its strip."""
    with pytest.raises(StripsightError) as error:
        call()
    record = bench.recorded(bench.request)
    assert (record.verdict, record.causes) == (Outcome.REFUSED, (error.value.reason,))
    return type(error.value)


def test_a_strip_of_no_open_lot_is_refused_before_it_is_inspected(bench: Bench) -> None:
    """All at once or frame by frame; a service that is not ready says that first."""
    inferred: list[int] = []
    bench.engine.at_infer = lambda: inferred.append(1)
    bench.station.lots.required = True
    assert ended(bench, lambda: bench.inspect(bench.clock(), None)) is LotNotOpen
    assert ended(bench, lambda: bench.streamed([0, 1, 2])) is LotNotOpen
    assert bench.station.closed(60)
    assert ended(bench, lambda: bench.inspect(bench.clock(), None)) is NotReady
    assert not inferred


def test_a_strip_that_was_in_the_lane_when_a_challenge_was_missed_is_refused(bench: Bench) -> None:
    """It was let in and judged an accept, by an engine that is not to be trusted."""
    bench.engine.at_infer = bench.station.lots.missed
    assert ended(bench, lambda: bench.inspect(bench.clock(), None)) is LotStopped
    bench.station.lots.passed_at_start()
    assert ended(bench, lambda: bench.streamed([0, 1, 2])) is LotStopped


def test_what_was_answered_before_the_miss_is_answered_again(bench: Bench) -> None:
    """A repeated call gets what is on record; the strip is among those in doubt."""
    first = bench.inspect(bench.clock(), None)
    bench.station.lots.missed()
    assert bench.inspect(bench.clock(), None, bench.request).record_seq == first.record_seq
    other = replace(bench.request, strip_seq=77)
    with pytest.raises(LotStopped):
        bench.inspect(bench.clock(), None, other)
