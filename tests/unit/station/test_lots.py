"""What a station asks of lots before and after it inspects a strip."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from stripsight.errors import LotNotOpen, LotStopped, NotReady, Overloaded, RecordError, StripsightError
from stripsight.journal.record import Outcome
from stripsight.lots.due import Interval
from stripsight.lots.keeper import LotKeeper
from stripsight.lots.lot import Occasion
from stripsight.lots.runs import ChallengeRuns
from stripsight.metrics.lots import LotMetrics
from stripsight.rpc.lots_served import ServedLots
from stripsight.settings import Settings
from stripsight.verdict import Verdict

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


def test_a_miss_counts_although_it_could_not_be_put_on_record(bench: Bench) -> None:
    """It is known in the lane already: nothing is accepted from then on."""
    good, bad = bench.station.live.bundle.challenge
    wrong = replace(bench.station.live.bundle, challenge=(replace(good, scores=bad.scores), bad))
    bench.station.changed(replace(bench.station.live, bundle=wrong))
    metrics = LotMetrics(CollectorRegistry())
    runs = ChallengeRuns(bench.station.lots, bench.journal, bench.station, metrics, bench.clock)
    with bench.broken_disk(), pytest.raises(RecordError):
        runs.run("L-1", Occasion.CALL)
    with pytest.raises(LotStopped):
        bench.station.lots.admit("L-1")


def test_what_was_answered_before_the_miss_is_answered_again(bench: Bench) -> None:
    """A repeated call gets what is on record; the strip is among those in doubt."""
    first = bench.inspect(bench.clock(), None)
    bench.station.lots.missed()
    assert bench.inspect(bench.clock(), None, bench.request).record_seq == first.record_seq
    other = replace(bench.request, strip_seq=77)
    with pytest.raises(LotStopped):
        bench.inspect(bench.clock(), None, other)


def kept(bench: Bench, folder: Path, interval: Interval) -> tuple[ServedLots, ChallengeRuns, LotKeeper]:
    """Lots on the bench's station and record, by its clock."""
    lots, metrics = ServedLots(Settings(bundle=folder), bench.journal), LotMetrics(CollectorRegistry())
    runs = ChallengeRuns(lots.book, bench.journal, bench.station, metrics, bench.clock)
    return lots, runs, LotKeeper(lots.book, bench.journal, runs, interval, settled_s=0)


def test_challenges_come_by_the_clock_while_a_lot_is_open(bench: Bench, tmp_path: Path) -> None:
    """From the last run on, whatever it ran for; none before the lot is open or once it is stopped."""
    _, _, keeper = kept(bench, tmp_path, Interval(seconds=60))
    bench.clock.move(1000)
    keeper.challenge_if_due()
    assert bench.journal.link.seq == 0
    keeper.open("L-1", bench.request.product, "Ada")
    for seconds, count in ((59, 1), (1, 2), (30, 2), (0, 2)):
        bench.clock.move(seconds)
        keeper.challenge_if_due()
        assert len(keeper.told("").challenges) == count
    keeper.challenge()
    bench.clock.move(59)
    keeper.challenge_if_due()
    assert [str(run.occasion) for run in keeper.told("").challenges] == ["START", "INTERVAL", "CALL"]


def test_a_challenge_that_finds_no_moment_is_an_alarm(bench: Bench, tmp_path: Path) -> None:
    """After a minute under way; no longer once it has ended, however that was."""
    _, _, keeper = kept(bench, tmp_path, Interval())
    seen: list[list[str]] = []

    def look() -> None:
        for seconds in (59, 1):
            bench.clock.move(seconds)
            seen.append([alarm.code for alarm in bench.station.alarms.standing])

    bench.engine.at_infer = look
    keeper.open("L-1", bench.request.product, "Ada")
    assert seen[:2] == [[], ["CHALLENGE_DELAYED"]]
    assert bench.station.alarms.standing == ()


def test_a_lot_is_not_closed_while_a_strip_of_it_is_under_way(bench: Bench, tmp_path: Path) -> None:
    """No challenge runs and it stays open; once the strip is answered it is closed."""
    lots, _, keeper = kept(bench, tmp_path, Interval())
    keeper.open("L-1", bench.request.product, "Ada")
    refused: list[str] = []

    def close() -> None:
        with pytest.raises(Overloaded) as error:
            keeper.close("L-1", "Ada")
        refused.append(error.value.message)
        lots.book.admit("L-1")

    bench.engine.at_infer = close
    assert bench.inspect(bench.clock(), None).judgement.verdict is Verdict.ACCEPT
    bench.engine.at_infer = lambda: None
    assert refused == ["strips of lot L-1 are still under way; it stays open"]
    assert [run.occasion for run in keeper.close("L-1", "Ada").challenges] == [Occasion.START, Occasion.END]
