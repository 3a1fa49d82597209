"""The phases of a benchmark: who inspects which strip when. Only one contestant computes at a time."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

import psutil

from stripbench.contestants import Contestant
from stripbench.report import Sample, Series

# After an answer, before the next contestant's strip: threads that wait busily have gone to sleep by then.
_REST_S = 0.1
_BLOCK = 10

Condition = Callable[[], AbstractContextManager[object]]


def slot_run(contestant: Contestant, strips: int, cadence_s: float) -> Series:
    """As on the line: strip k is due k cadences after the first, whatever became of those before it.

    A strip that has to wait for the one before counts the wait in `after_due_ms`, as the machine would.
    """
    start = time.monotonic() + _REST_S
    return Series.of([inspected(contestant, start + number * cadence_s) for number in range(strips)])


def turns(contestants: Sequence[Contestant], rounds: int, cadence_s: float) -> dict[str, Series]:
    """At the line's cadence, strip by strip in turn: each at the first beat that finds the cores at rest."""
    samples: dict[str, list[Sample]] = {contestant.name: [] for contestant in contestants}
    beats = _beats(cadence_s)
    for _ in range(rounds):
        for contestant in contestants:
            samples[contestant.name].append(inspected(contestant, next(beats)))
    return {name: Series.of(found) for name, found in samples.items()}


def back_to_back(contestants: Sequence[Contestant], rounds: int) -> dict[str, Series]:
    """Without a pause, in turns of a few strips."""
    samples: dict[str, list[Sample]] = {contestant.name: [] for contestant in contestants}
    for first in range(0, rounds, _BLOCK):
        for contestant in contestants:
            strips = min(_BLOCK, rounds - first)
            samples[contestant.name] += [inspected(contestant, time.monotonic()) for _ in range(strips)]
            if len(contestants) > 1:
                time.sleep(_REST_S)
    return {name: Series.of(found) for name, found in samples.items()}


def in_blocks(
    contestant: Contestant, conditions: Mapping[str, Condition], rounds: int, cadence_s: float
) -> dict[str, Series]:
    """At the line's cadence, a few strips under each condition in turn, `rounds` under each."""
    samples: dict[str, list[Sample]] = {name: [] for name in conditions}
    for first in range(0, rounds, _BLOCK):
        for name, condition in conditions.items():
            with condition():
                beats = _beats(cadence_s)
                strips = min(_BLOCK, rounds - first)
                samples[name] += [inspected(contestant, next(beats)) for _ in range(strips)]
    return {name: Series.of(found) for name, found in samples.items()}


def inspected(contestant: Contestant, due: float) -> Sample:
    """Have one strip inspected when it is due on the monotonic clock, or at once if that has passed."""
    process = psutil.Process(contestant.pid)
    call = contestant.prepare()
    before = process.cpu_times()
    time.sleep(max(0.0, due - time.monotonic()))
    answered = call()
    after_due_ms = 1e3 * (time.monotonic() - due)
    after = process.cpu_times()
    return Sample(
        round_trip_ms=answered.round_trip_ms,
        after_due_ms=after_due_ms,
        cpu_ms=1e3 * (after.user + after.system - before.user - before.system),
        rss_mib=process.memory_info().rss / 2**20,
        descriptors=process.num_fds(),
        stages_ms=dict(answered.stages_ms),
    )


def _beats(cadence_s: float) -> Iterator[float]:
    """Yield the next beat of the line each time, at least a rest away."""
    start = time.monotonic()
    while True:
        behind = time.monotonic() + _REST_S - start
        yield start + (behind // cadence_s + 1) * cadence_s
