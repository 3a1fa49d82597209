"""The lane: one runs, a bounded few wait, the rest are refused at once."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest

from stripsight.errors import NotReady, Overloaded, SlotTooShort
from stripsight.station.admission import Admission, StillRunning

T = TypeVar("T")

FAR_S = 60.0


def until(holds: Callable[[], bool]) -> None:
    """Return once `holds` is true; a test that never gets there runs into its timeout."""
    pause = threading.Event()
    while not holds():
        pause.wait(0.001)


def run_in(admission: Admission, work: Callable[[], T], deadline: float) -> T:
    """Run work at a place of its own, as a strip does whose frames come at once."""
    with admission.place() as place:
        return place.run(work, deadline)


class Held:
    """Work that has begun in the lane and ends when it is told to."""

    def __init__(self, admission: Admission, pool: ThreadPoolExecutor) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.answer: Future[str] = pool.submit(run_in, admission, self._work, time.monotonic() + FAR_S)
        assert self.begun.wait(FAR_S)

    def _work(self) -> str:
        self.begun.set()
        self.go.wait(FAR_S)
        return "held"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for callers."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


def test_the_result_of_the_work_comes_back_and_the_lane_is_free_by_then() -> None:
    """Without a waiting place, calls one after the other are all admitted."""
    admission = Admission(waiting=0)
    results = [run_in(admission, partial(int, n), time.monotonic() + FAR_S) for n in range(500)]
    assert results == list(range(500))


def test_an_exception_of_the_work_reaches_its_caller_and_the_lane_goes_on() -> None:
    """Work that raises is the caller's matter only."""
    admission = Admission(waiting=0)
    with pytest.raises(ZeroDivisionError):
        run_in(admission, lambda: 1 // 0, time.monotonic() + FAR_S)
    assert run_in(admission, lambda: "next", time.monotonic() + FAR_S) == "next"


@pytest.mark.parametrize("places", [0, 1, 3])
def test_beyond_the_places_a_call_is_refused_at_once(places: int, pool: ThreadPoolExecutor) -> None:
    """With one running and every place taken the next call is Overloaded, however far its deadline."""
    admission = Admission(waiting=places)
    held = Held(admission, pool)
    waiters = [pool.submit(run_in, admission, lambda: "waited", time.monotonic() + FAR_S) for _ in range(places)]
    until(lambda: admission.waiting == places)
    with pytest.raises(Overloaded) as refused:
        run_in(admission, lambda: "never", time.monotonic() + FAR_S)
    assert refused.value.facts == {"waiting_max": str(places)}
    held.go.set()
    assert [held.answer.result(), *(w.result() for w in waiters)] == ["held"] + ["waited"] * places


def test_who_waits_runs_in_the_order_of_arrival(pool: ThreadPoolExecutor) -> None:
    """The lane is first come, first served, and runs one at a time."""
    admission = Admission(waiting=3)
    order: list[int] = []
    held = Held(admission, pool)
    waiters = []
    for n in range(3):
        waiters.append(pool.submit(run_in, admission, partial(order.append, n), time.monotonic() + FAR_S))
        while admission.waiting != n + 1:
            pass
    assert order == []
    held.go.set()
    for waiter in waiters:
        waiter.result()
    assert order == [0, 1, 2]


def test_work_whose_deadline_passes_while_it_waits_never_begins(pool: ThreadPoolExecutor) -> None:
    """It is SlotTooShort, and its place is free for another at once."""
    admission, ran = Admission(waiting=1), []
    held = Held(admission, pool)
    with pytest.raises(SlotTooShort):
        run_in(admission, lambda: ran.append("late"), time.monotonic())
    other = pool.submit(run_in, admission, lambda: ran.append("other"), time.monotonic() + FAR_S)
    until(lambda: admission.waiting == 1)
    held.go.set()
    other.result()
    assert ran == ["other"]


def test_a_caller_is_answered_at_its_deadline_and_the_lane_stays_taken() -> None:
    """StillRunning comes back while the work runs; nobody gets the lane before the work has ended."""
    begun, go = threading.Event(), threading.Event()

    def clock() -> float:
        return FAR_S if begun.wait(FAR_S) else 0.0  # the deadline passes when the work has begun

    admission = Admission(waiting=0, clock=clock)
    with pytest.raises(StillRunning):
        run_in(admission, lambda: (begun.set(), go.wait(FAR_S)), FAR_S)
    with pytest.raises(Overloaded):
        run_in(admission, lambda: "never", 2 * FAR_S)
    go.set()
    assert admission.close(FAR_S)


def test_closing_refuses_new_work_and_waits_for_what_was_admitted(pool: ThreadPoolExecutor) -> None:
    """The running and the waiting are finished; close is False while they are not."""
    admission = Admission(waiting=1)
    held = Held(admission, pool)
    waiter = pool.submit(run_in, admission, lambda: "waited", time.monotonic() + FAR_S)
    until(lambda: admission.waiting == 1)
    assert not admission.close(0)
    with pytest.raises(NotReady):
        run_in(admission, lambda: "never", time.monotonic() + FAR_S)
    held.go.set()
    assert admission.close(FAR_S)
    assert (held.answer.result(), waiter.result()) == ("held", "waited")


def test_the_beat_goes_on_while_idle_and_stands_still_while_stuck(pool: ThreadPoolExecutor) -> None:
    """A monitor tells an idle lane from a stuck one by the beat."""
    admission, idle = Admission(waiting=0, beat_s=0.001), Admission(waiting=0, beat_s=0.001)
    held = Held(admission, pool)
    stuck, start = admission.beats, idle.beats
    until(lambda: idle.beats > start + 20)
    assert admission.beats == stuck
    held.go.set()
    until(lambda: admission.beats > stuck)


def test_between_its_pieces_of_work_a_strip_holds_its_place_and_not_the_lane(pool: ThreadPoolExecutor) -> None:
    """Another strip runs in between, though a further one is refused; work of one place keeps its order."""
    admission, order = Admission(waiting=1), []
    place = admission.enter()
    place.submit(lambda: order.append("first")).result(FAR_S)
    run_in(admission, lambda: order.append("another"), time.monotonic() + FAR_S)
    held = Held(admission, pool)
    with pytest.raises(Overloaded):
        admission.enter()
    rest = [place.submit(partial(order.append, name)) for name in ("second", "third")]
    assert admission.waiting == 1
    held.go.set()
    for piece in rest:
        piece.result(FAR_S)
    assert order == ["first", "another", "second", "third"]
    assert place.leave() is False


def test_who_leaves_takes_back_what_has_not_begun(pool: ThreadPoolExecutor) -> None:
    """Work in the queue never runs, and its place is free at once."""
    admission, ran = Admission(waiting=1), []
    held = Held(admission, pool)
    place = admission.enter()
    place.submit(lambda: ran.append("late"))
    assert place.leave() is True
    admission.enter().leave()
    held.go.set()
    assert admission.close(FAR_S)
    assert ran == []


def test_a_place_is_kept_until_its_running_work_has_ended() -> None:
    """Who leaves while the work runs makes room only when it ends."""
    admission, begun, go = Admission(waiting=0), threading.Event(), threading.Event()
    place = admission.enter()
    running = place.submit(lambda: (begun.set(), go.wait(FAR_S)))
    assert begun.wait(FAR_S)
    assert place.leave() is False
    with pytest.raises(Overloaded):
        admission.enter()
    go.set()
    running.result(FAR_S)
    assert run_in(admission, lambda: "next", time.monotonic() + FAR_S) == "next"


def test_a_strip_that_waits_for_its_frames_does_not_keep_a_stop_from_ending() -> None:
    """Close waits for it no longer than it may, and calls the lane ended; its work still runs."""
    admission = Admission(waiting=0, beat_s=0.001)
    place = admission.enter()
    assert admission.close(0)
    with pytest.raises(NotReady):
        admission.enter()
    beats = admission.beats
    until(lambda: admission.beats > beats + 5)
    assert place.submit(lambda: "last frame").result(FAR_S) == "last frame"
    place.leave()
    assert admission.close(FAR_S)


def test_idle_work_waits_until_no_strip_has_a_place(pool: ThreadPoolExecutor) -> None:
    """It runs neither while a strip is inspected, nor while one waits or is between its frames."""
    admission, order = Admission(waiting=1), []
    place = admission.enter()
    idle = [admission.submit_idle(partial(order.append, name)) for name in ("idle 1", "idle 2")]
    place.submit(lambda: order.append("frame 1")).result(FAR_S)
    held = Held(admission, pool)
    place.submit(lambda: order.append("frame 2"))
    held.go.set()
    held.answer.result(FAR_S)
    until(lambda: "frame 2" in order)
    assert order == ["frame 1", "frame 2"]
    place.leave()
    for piece in idle:
        piece.result(FAR_S)
    assert order == ["frame 1", "frame 2", "idle 1", "idle 2"]


def test_a_strip_overtakes_the_idle_work_that_waits(pool: ThreadPoolExecutor) -> None:
    """It waits for the piece that runs and for no other."""
    admission, order = Admission(waiting=0), []
    begun, go = threading.Event(), threading.Event()
    first = admission.submit_idle(lambda: (begun.set(), go.wait(FAR_S)))
    second = admission.submit_idle(partial(order.append, "idle"))
    assert begun.wait(FAR_S)
    strip = pool.submit(run_in, admission, partial(order.append, "strip"), time.monotonic() + FAR_S)
    until(lambda: admission.waiting == 1)
    go.set()
    for ended in (first, strip, second):
        ended.result(FAR_S)
    assert order == ["strip", "idle"]


def test_idle_work_takes_no_place() -> None:
    """While it runs, as many strips are admitted as without it."""
    admission, begun, go = Admission(waiting=0), threading.Event(), threading.Event()
    idle = admission.submit_idle(lambda: (begun.set(), go.wait(FAR_S)))
    assert begun.wait(FAR_S)
    place = admission.enter()
    strip = place.submit(lambda: "strip")
    go.set()
    assert strip.result(FAR_S) == "strip"
    idle.result(FAR_S)
    place.leave()


def test_idle_work_that_is_cancelled_or_comes_too_late_never_runs() -> None:
    """A stop ends what waits with NotReady, and waits for the piece that runs."""
    admission, ran = Admission(waiting=0), []
    begun, go = threading.Event(), threading.Event()
    running = admission.submit_idle(lambda: (begun.set(), go.wait(FAR_S)))
    assert begun.wait(FAR_S)
    cancelled, waits = (admission.submit_idle(partial(ran.append, name)) for name in ("cancelled", "waits"))
    assert cancelled.cancel()
    assert not admission.close(0)
    for late in (waits, admission.submit_idle(partial(ran.append, "after"))):
        with pytest.raises(NotReady):
            late.result(FAR_S)
    go.set()
    assert admission.close(FAR_S)
    running.result(FAR_S)
    assert ran == []


def test_an_exception_of_idle_work_reaches_its_caller_and_the_lane_goes_on() -> None:
    """Idle work that raises is the caller's matter only."""
    admission = Admission(waiting=0)
    with pytest.raises(ZeroDivisionError):
        admission.submit_idle(lambda: 1 // 0).result(FAR_S)
    assert admission.submit_idle(lambda: "next").result(FAR_S) == "next"
