"""Another bundle takes over: each strip is judged, recorded and watched by the one that it came to."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.checks import RecentFrames
from stripsight.frame import FrameData
from stripsight.limits import FrozenLimits
from stripsight.live import live
from stripsight.start import start_engine
from stripsight.strip import StripRequest
from stripsight.verdict import Cause

Bench = Any  # conftest.Bench
Strip = Callable[..., tuple[FrameData, ...]]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_strip_keeps_the_bundle_that_it_came_to(bench: Bench, slack_bundle: Bundle, streamed: bool) -> None:
    """A change while it is inspected changes neither its verdict nor its record; the next strip gets the new one."""
    other = live(slack_bundle, start_engine(slack_bundle, threads=1), RecentFrames(), clock=lambda: 0.0)
    bench.engine.at_infer = lambda: bench.station.changed(other)
    before, found = bench.station.live.bundle, []
    for _ in range(2):
        if streamed:
            found.append(bench.streamed([0, 0, 0])[-1])
        else:
            found.append(bench.inspect(bench.clock(), None))
        record = bench.recorded(bench.request)
        assert record.bundle_id == found[-1].bundle_id
        bundle = before if len(found) == 1 else slack_bundle
        assert record.thresholds == tuple(bundle.thresholds.values.values())
    assert [one.bundle_id for one in found] == [before.bundle_id, slack_bundle.bundle_id]
    assert bench.station.status().bundle is slack_bundle
    assert bench.count("stripsight_bundle_info", bundle_id=slack_bundle.bundle_id, product="small-5x4") == 1
    assert bench.count("stripsight_bundle_info", bundle_id=before.bundle_id, product="small-5x4") is None


def test_a_camera_that_hangs_is_found_across_a_change(strip_bundle: Bundle, slack_bundle: Bundle, strip: Strip) -> None:
    """Frames that the bundle before has seen are no strip of the next."""
    recent, found = RecentFrames(), []
    for number, written in enumerate((strip_bundle, slack_bundle)):
        remembers = written.recipe.checks.model_copy(update={"frozen": FrozenLimits(remember_strips=8)})
        bundle = replace(written, recipe=written.recipe.model_copy(update={"checks": remembers}))
        inspector = live(bundle, start_engine(bundle, threads=1), recent).inspector
        assert inspector is not None
        frames = strip(strip_bundle.recipe, 101)
        request = StripRequest(strip_id=f"S-{number}", lot_id="L-1", strip_seq=1, frames=frames)
        found.append(inspector.inspect(request, float("inf")).judgement.causes)
    assert found == [(), (Cause.IMAGE_QUALITY,)]
