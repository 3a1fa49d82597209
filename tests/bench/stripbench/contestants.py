"""Who is measured: the service, the bare graph and the plain service, each in a process of its own.

`prepare` makes what is to be sent; the clock starts after it, with the call that it returns.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from plain.client import PlainClient

from stripbench.strips import Requests, Which
from stripbench.worker import Worker
from stripsight.client import Client
from stripsight.inspection.v1 import inspection_pb2 as pb

# Far beyond any slot, so that a slow answer is measured and not cut off.
ANSWER_S = 60.0


@dataclass(frozen=True)
class Answered:
    """How long one strip took, and the stages of that as far as the contestant tells them."""

    round_trip_ms: float
    stages_ms: Mapping[str, float] = field(default_factory=dict)


Call = Callable[[], Answered]


class Contestant(Protocol):
    """Inspects strips when asked."""

    @property
    def name(self) -> str:
        """What the report calls it."""

    @property
    def pid(self) -> int:
        """The process that inspects."""

    def prepare(self) -> Call:
        """Return the call that has one strip inspected."""


class NotInspected(Exception):
    """A strip was answered without being inspected: its time would say nothing."""


@dataclass(frozen=True)
class Service:
    """The real server, asked by its own client library."""

    client: Client
    pid: int
    requests: Requests
    heatmaps: Which = "rejected"
    name: str = "service"

    def prepare(self) -> Call:
        """Write the request. The call raises NotInspected, and ServiceError."""
        request = self.requests.following(self.heatmaps)

        def call() -> Answered:
            answer = self.client.send(request, timeout_s=ANSWER_S)
            elapsed_ms = 1e3 * answer.elapsed_s
            stages = stages_ms(answer.reply.inspection.stage_times)
            if "infer" not in stages:
                causes = [pb.Cause.Name(cause) for cause in answer.reply.inspection.causes]
                raise NotInspected(f"{request.strip_id}: expected a strip that is inspected, found {causes}")
            # What the server's clock does not see: writing, sending, reading and admitting.
            return Answered(elapsed_ms, {**stages, "wire": elapsed_ms - stages["total"]})

        return call


@dataclass(frozen=True)
class Bare:
    """The graph alone. The time is what its process measured, without the pipe that asks."""

    process: Worker
    numbers: Iterator[int]
    name: str = "bare graph"

    @classmethod
    def of(cls, process: Worker, strips: int) -> "Bare":
        """Ask `process` for the strips in turn."""
        return cls(process, itertools.cycle(range(strips)))

    @property
    def pid(self) -> int:
        """The process that computes."""
        return self.process.pid

    def prepare(self) -> Call:
        """Choose the strip, which the process has already."""
        number = next(self.numbers)
        return lambda: Answered(self.process.ask(number))


@dataclass(frozen=True)
class Plain:
    """The plain service, asked by a client of its own."""

    client: PlainClient
    pid: int
    requests: Iterator[Any]
    name: str = "plain service"

    @classmethod
    def of(cls, client: PlainClient, pid: int, requests: Sequence[Any]) -> "Plain":
        """Send `requests` in turn."""
        return cls(client, pid, itertools.cycle(requests))

    def prepare(self) -> Call:
        """Choose the request, which is written already."""
        request = next(self.requests)

        def call() -> Answered:
            start = time.monotonic()
            self.client.inspect(request, timeout_s=ANSWER_S)
            return Answered(1e3 * (time.monotonic() - start))

        return call


def stages_ms(times: pb.StageTimes) -> dict[str, float]:
    """The stages that ran and the total, by their names in the API without the unit."""
    return {field.name.removesuffix("_ms"): value for field, value in times.ListFields()}
