"""A strip whose frames come one by one: each is worked on while the next is on its way."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from stripsight.frame import FrameData, check_count, check_index
from stripsight.inspector import Inspector
from stripsight.recipe import Recipe
from stripsight.station.admission import Admitted
from stripsight.station.arrivals import Arrivals, Ended, Opening, Part, second_header
from stripsight.steps import StripSteps
from stripsight.strip import Answers, Inspection, RejectedEarly, StripHeader
from stripsight.timing import Clock
from stripsight.verdict import Cause


@dataclass(frozen=True)
class Terms:
    """What a station asks of a streamed strip and does for it.

    `deadline` gives the time by which the answer must be there, once the last frame has arrived. `run` runs a piece of
    work in the lane, `late` writes the answer of a strip that has none in time; `overtaken` gets the work that goes on.
    """

    recipe: Recipe
    deadline: Callable[[], float]
    run: Callable[[Callable[[], Any]], Any]
    late: Callable[[StripHeader], Inspection]
    overtaken: Callable[["Future[Any]"], None]
    clock: Clock


class StripStream:
    """One streamed strip, at a place of its own until it is answered."""

    def __init__(self, inspector: Inspector, admitted: Admitted, arrivals: Arrivals, terms: Terms) -> None:
        """Begin with no frame; the header has been taken out of `arrivals`."""
        self._inspector = inspector
        self._admitted = admitted
        self._arrivals = arrivals
        self._terms = terms
        self._indices: list[int] = []
        self._work: Future[Any] | None = None
        self._inspection: Inspection | None = None
        self._told = self._ended = False
        self._deadline: float | None = None  # known once all frames are there

    def answers(self, header: StripHeader) -> Answers:
        """Yield at most one RejectedEarly, as soon as a frame but the last rejects the strip; return the Inspection.

        The Inspection waits for the end, so that a frame too many is never passed over. Raises HeaderError, what
        Arrivals.take raises, and what an inspection whose frames come at once raises.
        """
        try:
            steps = self._inspector.begin(header)
            while not (self._inspection and self._ended):
                event = self._arrivals.take(self._deadline)
                if event is None:
                    self._inspection, self._ended = self._overtaken(header), True
                elif isinstance(event, Future):
                    yield from self._done(event.result())
                else:
                    self._receive(event, steps)
            return self._in_time(self._inspection)
        finally:
            self._admitted.leave()

    def _receive(self, event: Part | Ended, steps: StripSteps) -> None:
        if isinstance(event, Ended):
            check_count(len(self._indices), self._terms.recipe)
            self._ended = True
        elif isinstance(event, Opening):
            raise second_header()
        else:
            self._take(event, steps)

    def _take(self, frame: FrameData, steps: StripSteps) -> None:
        """Give a frame to the lane, the last one together with all that is left to do."""
        position, recipe = len(self._indices), self._terms.recipe
        self._indices.append(frame.index)
        if position >= len(recipe.frame.indices):
            check_count(position + 1, recipe)
        check_index(self._indices, position, recipe)
        work: Callable[[], Any] = partial(steps.add, frame, f"frames[{position}]")
        if position + 1 == len(recipe.frame.indices):
            self._deadline = self._terms.deadline()
            work = partial(_finished, steps, frame, f"frames[{position}]", self._deadline)
        self._work = self._admitted.submit(partial(self._terms.run, work))
        self._work.add_done_callback(self._arrivals.done)

    def _done(self, found: RejectedEarly | Inspection | None) -> Iterator[RejectedEarly]:
        if isinstance(found, Inspection):
            self._inspection = found
        elif found is not None and not self._told:
            self._told = True
            yield found

    def _overtaken(self, header: StripHeader) -> Inspection:
        if self._work is not None:
            self._work.add_done_callback(self._terms.overtaken)
        return self._terms.late(header)

    def _in_time(self, inspection: Inspection) -> Inspection:
        if self._deadline is not None and self._terms.clock() <= self._deadline:
            return inspection
        return replace(inspection, judgement=inspection.judgement.and_rejected(Cause.LATE))


def _finished(steps: StripSteps, frame: FrameData, field: str, deadline: float) -> Inspection:
    steps.decode([(frame, field)])
    return steps.finish(deadline)
