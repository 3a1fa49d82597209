"""A whole benchmark, from start to report."""

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stripbench.contestants import Service
from stripbench.facts import facts
from stripbench.folded import folded
from stripbench.line_up import LineUp
from stripbench.operations import work
from stripbench.phases import Condition, back_to_back, in_blocks, inspected, slot_run, turns
from stripbench.rates import copy_rate, matrix_rate
from stripbench.report import ColdStart, Floors, Report, Series, Settings
from stripbench.strips import rendered_strips
from stripbench.viewers import VIEWERS, viewers
from stripsight.bundle import Bundle, load

Say = Callable[[str], object]
Phases = dict[str, dict[str, Series]]


@dataclass(frozen=True)
class Plan:
    """What to measure, and how long. `threads` 0 is all cores that this process may use."""

    bundle: Path
    provider: str = "cpu"
    threads: int = 0
    strips: int = 240
    turns: int = 50
    starts: int = 5
    flat: int = 0
    cadence_s: float = 0.5


def measure(plan: Plan, say: Say) -> Report:
    """Measure; `say` is told what goes on.

    Raises ServerDied, ServiceError, NotInspected, and EOFError or TimeoutError for a reference that dies or hangs.
    """
    bundle = load(plan.bundle)
    about = facts(bundle_id=bundle.bundle_id, provider=plan.provider)
    say("rendering strips")
    frames = rendered_strips(bundle.recipe)
    with tempfile.TemporaryDirectory() as folder:
        line_up = LineUp(bundle, frames, plan.provider, plan.threads, Path(folder) / "server.log")
        say(f"{plan.starts} cold starts")
        cold_start = cold_starts(line_up, plan.starts)
        phases = _phases(plan, line_up, say)
    say("floors")
    return Report(
        facts=about,
        settings=_settings(plan, bundle),
        phases=phases,
        cold_start=cold_start,
        floors=_floors(plan, bundle),
    )


def cold_starts(line_up: LineUp, starts: int) -> ColdStart:
    """Start the service again and again, and send each one strip as soon as it serves."""
    to_serving_s, first_strip_ms = [], []
    for _ in range(starts):
        with line_up.service() as (server, requests):
            to_serving_s.append(round(server.to_serving_s, 3))
            first = inspected(Service(server.client, server.pid, requests), time.monotonic())
            first_strip_ms.append(round(first.round_trip_ms, 3))
    return ColdStart(to_serving_s=to_serving_s, first_strip_ms=first_strip_ms)


def _phases(plan: Plan, line_up: LineUp, say: Say) -> Phases:
    with line_up.service() as (server, requests):
        service = Service(server.client, server.pid, requests)
        pictures = [Service(server.client, server.pid, requests, which, which) for which in ("none", "all")]
        say(f"{plan.strips} strips at {1e3 * plan.cadence_s:g} ms")
        phases: Phases = {"slot run": {service.name: slot_run(service, plan.strips, plan.cadence_s)}}
        say("no heatmaps and all heatmaps in turn")
        phases["heatmaps"] = turns(pictures, 2 * plan.turns, plan.cadence_s)
        say(f"nobody and {VIEWERS} viewers in turn")
        watched: dict[str, Condition] = {
            "nobody views": nullcontext,
            f"{VIEWERS} viewers": partial(viewers, server.target),
        }
        phases["viewers"] = in_blocks(pictures[1], watched, 2 * plan.turns, plan.cadence_s)
        with line_up.references() as references:
            say("service, bare graph and plain service in turn")
            phases["in turn"] = turns([service, *references], plan.turns, plan.cadence_s)
            say("the same back to back")
            phases["back to back"] = back_to_back([service, *references], plan.turns)
        if plan.flat:
            say(f"{plan.flat} strips back to back")
            phases["flat run"] = back_to_back([service], plan.flat)
    return phases


def _settings(plan: Plan, bundle: Bundle) -> Settings:
    return Settings(
        strips=plan.strips,
        turns=plan.turns,
        cadence_ms=1e3 * plan.cadence_s,
        slot_ms=bundle.recipe.slot.duration_ms,
        threads=_threads(plan),
    )


def _threads(plan: Plan) -> int:
    return plan.threads or len(os.sched_getaffinity(0))


def _floors(plan: Plan, bundle: Bundle) -> Floors:
    needed = work(folded(bundle.graph, bundle.recipe.patch_count))
    return Floors(
        flops=needed.flops,
        moved_bytes=needed.moved_bytes,
        flops_per_s=matrix_rate(plan.provider, _threads(plan)),
        bytes_per_s=copy_rate(plan.provider, _threads(plan)),
    )
