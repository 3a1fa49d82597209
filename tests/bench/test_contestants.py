"""The contestants, as they run: real servers, real processes, on small strips."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
from plain.inspection import PlainInspector
from stripbench.contestants import NotInspected, Service
from stripbench.folded import folded
from stripbench.line_up import LineUp
from stripbench.measure import cold_starts
from stripbench.operations import work
from stripbench.phases import Condition, back_to_back, in_blocks, slot_run, turns
from stripbench.plain_process import cuts, generator
from stripbench.serving import Serving
from stripbench.strips import Requests, batches
from stripbench.viewers import viewers

from stripsight.bundle import Bundle
from stripsight.engine import Engine
from stripsight_lab.demo.rendering import Frames

STRIPS = 3
SOON_S = 0.001


@pytest.fixture(scope="module")
def frames(strip_bundle: Bundle, picture: Callable[..., Frames]) -> Frames:
    """Painted strips, uint8 [S, F, H, W]; the first has a speckle in its last patch."""
    recipe = strip_bundle.recipe
    strips = [[picture(recipe, 100 * strip + index) for index in recipe.frame.indices] for strip in range(STRIPS)]
    strips[0][-1] = picture(recipe, 15, recipe.patches[-1])
    return np.stack(strips)


@pytest.fixture(scope="module")
def line_up(strip_bundle: Bundle, frames: Frames, tmp_path_factory: pytest.TempPathFactory) -> LineUp:
    """All on one thread of the CPU."""
    return LineUp(strip_bundle, frames, "cpu", 1, tmp_path_factory.mktemp("bench") / "server.log")


@pytest.fixture(scope="module")
def service(line_up: LineUp) -> Iterator[tuple[Serving, Requests]]:
    """A server that runs for all tests of this file."""
    with line_up.service() as served:
        yield served


def test_all_take_their_turns(line_up: LineUp, service: tuple[Serving, Requests]) -> None:
    """Each is a process of its own and has its times and costs for each strip; the service tells its stages."""
    server, requests = service
    ours = Service(server.client, server.pid, requests)
    with line_up.references() as references:
        contestants = [ours, *references]
        assert len({contestant.pid for contestant in contestants}) == 3
        for phase in (turns(contestants, STRIPS + 1, SOON_S), back_to_back(contestants, STRIPS + 1)):
            assert list(phase) == ["service", "bare graph", "plain service"]
            for series in phase.values():
                assert len(series.round_trip_ms) == len(series.cpu_ms) == STRIPS + 1
                assert min(series.round_trip_ms) > 0 and min(series.rss_mib) > 0
            stages = phase["service"].stages_ms
            assert {"decode", "check", "crop", "infer", "judge", "total", "wire"} <= stages.keys()


def test_a_slot_run_counts_from_when_strips_were_due(service: tuple[Serving, Requests]) -> None:
    """At a cadence that nothing can hold, strips wait for those before them, and the last one longest."""
    server, requests = service
    found = slot_run(Service(server.client, server.pid, requests), 5, 0.0)
    assert found.after_due_ms[-1] >= sum(found.round_trip_ms[1:])
    assert found.after_due_ms == sorted(found.after_due_ms)


def test_heatmaps_come_as_asked(service: tuple[Serving, Requests]) -> None:
    """All 60 for one contestant, none for the other, on the same server."""
    server, requests = service
    counts = {}
    for which in ("none", "all"):
        answer = server.client.send(requests.following(which), timeout_s=60)
        counts[which] = len(answer.reply.inspection.heatmaps)
    assert counts == {"none": 0, "all": 60}


def test_viewers_come_and_go_between_blocks_of_strips(service: tuple[Serving, Requests]) -> None:
    """Each of them is told of every strip of its block, or told how many it missed, and of no other."""
    server, requests = service
    seen: list[dict[str, int]] = []

    @contextmanager
    def watched() -> Iterator[object]:
        with viewers(server.target, 3) as process:
            yield process
            while not seen or sum(seen[-1][kind] for kind in ("recorded", "skipped")) < 3 * STRIPS:
                seen.append(process.ask("how many"))

    conditions: dict[str, Condition] = {"nobody views": nullcontext, "3 viewers": watched}
    ours = Service(server.client, server.pid, requests, "all")
    found = in_blocks(ours, conditions, STRIPS, SOON_S)
    assert {name: len(series.round_trip_ms) for name, series in found.items()} == dict.fromkeys(conditions, STRIPS)
    assert seen[-1]["started"] == 3
    assert seen[-1]["recorded"] + seen[-1]["skipped"] == 3 * STRIPS


def test_a_strip_that_is_not_inspected_is_no_time(service: tuple[Serving, Requests], line_up: LineUp) -> None:
    """White frames are refused before the graph runs: that would be the fastest strip of all."""
    server, _ = service
    white = Requests(np.full_like(line_up.frames, 255), line_up.bundle.recipe, "white")
    with pytest.raises(NotInspected, match="IMAGE_QUALITY"):
        Service(server.client, server.pid, white).prepare()()


def test_each_cold_start_has_its_first_strip(line_up: LineUp) -> None:
    """Two starts, two times each."""
    found = cold_starts(line_up, 2)
    assert len(found.to_serving_s) == len(found.first_strip_ms) == 2


def test_the_plain_service_finds_the_same_scores(strip_bundle: Bundle, frames: Frames) -> None:
    """A reference that computed something else would be none: equal but for the rounding of the redrawn patches.

    The speckle, whose score is far from the others, stands in the same place.
    """
    plain = PlainInspector(generator(strip_bundle.graph), "CPUExecutionProvider", cuts(strip_bundle.recipe), 0.1)
    engine = Engine(strip_bundle.graph, threads=1, patch_size=strip_bundle.recipe.patch.size_px)
    for strip, batch in zip(frames, batches(frames, strip_bundle.recipe), strict=True):
        _, scores = plain.inspect(list(strip.astype(np.float32)))
        np.testing.assert_allclose(scores, engine.infer(batch).scores, rtol=0.1)
    _, speckled = plain.inspect(list(frames[0].astype(np.float32)))
    assert speckled[-1] > 2 * max(speckled[:-1])


def test_the_plain_service_judges(strip_bundle: Bundle, frames: Frames) -> None:
    """Every score below the threshold is an accept, one above it a reject."""
    boxes, graph = cuts(strip_bundle.recipe), generator(strip_bundle.graph)
    strip = list(frames[0].astype(np.float32))
    _, scores = PlainInspector(graph, "CPUExecutionProvider", boxes, 0.1).inspect(strip)
    for threshold, accept in ((max(scores) + 1e-6, True), (max(scores) - 1e-6, False)):
        assert PlainInspector(graph, "CPUExecutionProvider", boxes, threshold).inspect(strip)[0] is accept


def test_a_bundle_has_its_floor(strip_bundle: Bundle) -> None:
    """The graph leaves N open: for 60 patches of 32 x 32 the 5 x 5 blur alone is 2 * 60 * 32 * 32 * 25 operations."""
    whole, blur = (work(folded(graph, 60)) for graph in (strip_bundle.graph, generator(strip_bundle.graph)))
    assert blur.flops == 2 * 60 * 32 * 32 * 25
    assert whole.flops > blur.flops
