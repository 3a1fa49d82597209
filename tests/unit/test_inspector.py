"""The inspection as a whole: real frames, graph and bundle; the clock is the only thing that is not real."""

import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import cv2
import numpy as np
import onnx
import pytest

from stripsight.bundle import Bundle
from stripsight.engine import Engine
from stripsight.errors import (
    EngineError,
    FrameCountError,
    FrameDigestError,
    ProductMismatch,
    ScoresError,
    SlotTooShort,
)
from stripsight.frame import FrameData, PixelFormat, decode_strip
from stripsight.heatmap import mapped
from stripsight.inspector import Inspector
from stripsight.limits import FrozenLimits
from stripsight.overlay import to_png
from stripsight.patches import crop
from stripsight.start import start_engine
from stripsight.strip import HeatmapOptions, HeatmapStyle, HeatmapWhich, Inspection, StripRequest
from stripsight.verdict import Cause, Thresholds, Verdict
from stripsight_lab.graph.assemble import assemble

Frames = tuple[FrameData, ...]
Strip = Callable[..., Frames]

STEPS = ["decode", "check", "crop", "infer", "judge", "render"]
ALL, NONE = HeatmapOptions(which=HeatmapWhich.ALL), HeatmapOptions(which=HeatmapWhich.NONE)


class Ticks:
    """A clock on which every look takes some time, a second unless told otherwise."""

    def __init__(self, step: float = 1.0) -> None:
        """Begin at 0."""
        self.now, self._step = 0.0, step

    def __call__(self) -> float:
        """Look."""
        self.now += self._step
        return self.now


def asked(frames: Frames, **changes: Any) -> StripRequest:
    """A request for these frames."""
    ids: dict[str, Any] = {"strip_id": "S-1", "lot_id": "L-1", "strip_seq": 7}
    return StripRequest(**(ids | changes), frames=frames)


def in_time(inspector: Inspector, request: StripRequest) -> Inspection:
    """Inspect with more than enough time."""
    return inspector.inspect(request, time.monotonic() + 60)


@pytest.fixture
def inspector(strip_bundle: Bundle, strip_engine: Engine) -> Inspector:
    """An inspector of the strip bundle."""
    return Inspector(strip_bundle, strip_engine)


@pytest.fixture
def good(strip: Strip, strip_bundle: Bundle) -> Frames:
    """A good strip."""
    return strip(strip_bundle.recipe, 1)


@pytest.fixture
def bad(strip: Strip, strip_bundle: Bundle) -> Frames:
    """A strip with a defect on V5, region R3, in frame 15."""
    return strip(strip_bundle.recipe, 2, defective=True)


def test_a_good_strip_is_accepted(inspector: Inspector, good: Frames, strip_bundle: Bundle) -> None:
    """Accepted, with margins for every region, all steps timed in order, and what it was judged with."""
    inspection = in_time(inspector, asked(good))
    judgement = inspection.judgement
    assert (judgement.verdict, judgement.causes, judgement.rejected_patches) == (Verdict.ACCEPT, (), ())
    assert [vial.vial for vial in judgement.vials] == ["V1", "V2", "V3", "V4", "V5"]
    assert all(region.margin > 0 for vial in judgement.vials for region in vial.regions)
    assert list(inspection.stages) == STEPS
    assert 0 < sum(inspection.stages.values()) <= inspection.total_s
    assert (inspection.strip_id, inspection.lot_id, inspection.strip_seq) == ("S-1", "L-1", 7)
    assert (inspection.bundle_id, inspection.provider) == (strip_bundle.bundle_id, "cpu")
    assert inspection.frame_digests == tuple(sha256(frame.data).hexdigest() for frame in good)
    assert (inspection.heatmaps, inspection.heatmaps_left_out, inspection.findings) == ((), 0, ())


def test_a_defect_is_rejected_where_it_is(inspector: Inspector, bad: Frames) -> None:
    """Rejected for one region, with the frame that decided, and one heatmap that shows the defect."""
    inspection = in_time(inspector, asked(bad))
    judgement = inspection.judgement
    assert (judgement.verdict, judgement.causes) == (Verdict.REJECT, (Cause.ANOMALY,))
    failed = [(v.vial, r.region, r.frame) for v in judgement.vials for r in v.regions if not r.accepted]
    assert failed == [("V5", "R3", 15)]
    (heatmap,) = inspection.heatmaps
    place = heatmap.place
    assert (place.vial, place.region, place.frame, place.index) == ("V5", "R3", 15, 59)
    assert heatmap.style is HeatmapStyle.ANCHORED
    shown = cv2.imdecode(np.frombuffer(heatmap.png, np.uint8), cv2.IMREAD_UNCHANGED)
    opacity = shown[..., 3]
    assert shown.shape == (place.box.height_px, place.box.width_px, 4)
    assert opacity[8:22, 8:22].min() > 102 >= opacity[:, 27:].max()  # 102: half of the heat


def test_one_item(item_bundle: Bundle, strip: Strip) -> None:
    """A product of one frame, item and region is inspected by the same code."""
    inspector = Inspector(item_bundle, start_engine(item_bundle, threads=1))
    for defective, verdict in ((False, Verdict.ACCEPT), (True, Verdict.REJECT)):
        frames = strip(item_bundle.recipe, 5, defective)
        assert in_time(inspector, asked(frames)).judgement.verdict is verdict


@pytest.mark.parametrize("pixel_format", [PixelFormat.MONO12, PixelFormat.PNG])
def test_the_format_does_not_change_a_score(
    *,
    pixel_format: PixelFormat,
    inspector: Inspector,
    bad: Frames,
    picture: Any,
    as_sent: Any,
    strip_recipe: Any,
) -> None:
    """The same pixels in another lossless format, in any order, get the same scores to the last bit."""
    recoded = []
    for frame in reversed(bad):
        pixels = np.frombuffer(frame.data, np.uint8).reshape(144, 408)
        samples = pixels.astype(np.uint16) << 4 if pixel_format is PixelFormat.MONO12 else pixels
        recoded.append(as_sent(frame.index, samples, pixel_format))
    one, other = in_time(inspector, asked(bad)), in_time(inspector, asked(tuple(recoded)))
    assert one.judgement == other.judgement


@pytest.mark.parametrize(
    ("options", "count"),
    [(HeatmapOptions(), 1), (NONE, 0), (ALL, 60), (HeatmapOptions(style=HeatmapStyle.MINMAX), 1)],
)
def test_heatmaps_asked_for(options: HeatmapOptions, count: int, inspector: Inspector, bad: Frames) -> None:
    """Rejected patches, all or none, in the style asked for, the rejected one first."""
    heatmaps = in_time(inspector, asked(bad, heatmaps=options)).heatmaps
    assert len(heatmaps) == len({heatmap.place.index for heatmap in heatmaps}) == count
    assert {heatmap.style for heatmap in heatmaps} <= {options.style}
    assert [heatmap.place.index for heatmap in heatmaps[:1]] == [59] * min(count, 1)


MAPPED = """
<ir_version: 8, opset_import: ["" : 18]>
g (float[N,1,32,32] x) => (float[N,1,32,32] y, float[N,8,8] m) {
    channel = Constant<value_ints = [1]>()
    one = Constant<value_float = 1.0>()
    y = Identity(x)
    dark = Sub(one, x)
    pooled = MaxPool<kernel_shape = [4, 4], strides = [4, 4]>(dark)
    m = Squeeze(pooled, channel)
}"""


def test_the_heatmap_of_a_graph_with_maps_is_its_map(strip_bundle: Bundle, bad: Frames) -> None:
    """Anchored on the region's threshold, what is drawn is the map that the score is the largest value of."""
    engine = Engine(
        assemble(onnx.parser.parse_model(MAPPED), patch_size=32).SerializeToString(), threads=1, patch_size=32
    )
    thresholds = Thresholds({name: 0.6 for name in strip_bundle.thresholds.values})
    bundle = replace(strip_bundle, thresholds=thresholds)
    shown = in_time(Inspector(bundle, engine), asked(bad, heatmaps=ALL)).heatmaps
    patches = crop(decode_strip(bad, bundle.recipe), bundle.recipe)
    maps = engine.infer(patches).anomaly_maps
    assert maps is not None
    assert len(shown) == 60
    for heatmap in shown:
        index = heatmap.place.index
        assert heatmap.png == to_png(mapped(maps[index], 0.6))


def test_no_accept_is_ever_late(strip_bundle: Bundle, strip_engine: Engine, good: Frames) -> None:
    """Whatever step the deadline falls into: refused, then REJECT for LATE, and ACCEPT only in time.

    The clock moves with each look at it, so each deadline makes another step the late one.
    """
    ended = []
    for deadline in range(1, 80):
        inspector = Inspector(strip_bundle, strip_engine, clock=Ticks())
        try:
            inspection = inspector.inspect(asked(good), deadline)
        except SlotTooShort:
            ended.append("refused")
            continue
        judgement = inspection.judgement
        late = Cause.LATE in judgement.causes
        assert late == (judgement.verdict is Verdict.REJECT)
        if not late:
            assert inspection.total_s < deadline
        ended.append(f"{'late' if late else 'accept'} after {list(inspection.stages)[-1]}")
    lates = [f"late after {step}" for step in ("decode", "crop", "infer", "render")]
    order = ["refused", *lates, "accept after render"]
    assert list(dict.fromkeys(ended)) == order


def test_a_late_result_keeps_its_scores(strip_bundle: Bundle, strip_engine: Engine, good: Frames) -> None:
    """When inference ended too late, the scores are told all the same; heatmaps are left out."""
    lates = []
    for deadline in range(1, 80):
        try:
            inspection = Inspector(strip_bundle, strip_engine, clock=Ticks()).inspect(
                asked(good, heatmaps=ALL), deadline
            )
        except SlotTooShort:
            continue
        if "judge" in inspection.stages and Cause.LATE in inspection.judgement.causes:
            lates.append(inspection)
    assert lates
    assert all(len(inspection.judgement.vials) == 5 for inspection in lates)
    assert all(len(i.heatmaps) + i.heatmaps_left_out == 60 for i in lates)
    assert lates[0].heatmaps == ()


def test_heatmaps_end_before_the_deadline(strip_bundle: Bundle, strip_engine: Engine, good: Frames) -> None:
    """Rendering stops while there is time to answer: an accept stays one, and says what was left out."""
    inspector = Inspector(strip_bundle, strip_engine, clock=Ticks(0.005))
    inspection = inspector.inspect(asked(good, heatmaps=ALL), 0.3)
    assert inspection.judgement.verdict is Verdict.ACCEPT
    assert 0 < len(inspection.heatmaps) < 60
    assert inspection.heatmaps_left_out == 60 - len(inspection.heatmaps)


def test_a_bad_picture_is_rejected_without_inference(
    inspector: Inspector, good: Frames, as_sent: Any, strip_bundle: Bundle
) -> None:
    """A black frame is a reject for its quality; nothing is inferred, and the finding says which frame."""
    black = as_sent(7, np.zeros((144, 408), np.uint8))
    inspection = in_time(inspector, asked((good[0], black, good[2])))
    assert inspection.judgement.causes == (Cause.IMAGE_QUALITY,)
    assert inspection.judgement.verdict is Verdict.REJECT
    assert inspection.judgement.vials == ()
    assert {finding.frame_index for finding in inspection.findings} == {7}
    assert list(inspection.stages) == ["decode", "check"]
    assert len(inspection.frame_digests) == 3


def test_an_empty_place_is_no_strip(inspector: Inspector, as_sent: Any) -> None:
    """Frames of the empty ground are a reject because there is no strip."""
    noise = np.random.default_rng(1).normal(195, 4, (3, 144, 408)).astype(np.uint8)
    frames = tuple(as_sent(index, pixels) for index, pixels in zip((0, 7, 15), noise, strict=True))
    inspection = in_time(inspector, asked(frames))
    assert inspection.judgement.causes == (Cause.STRIP_NOT_FOUND,)


def test_a_hanging_camera(strip_bundle: Bundle, strip_engine: Engine, strip: Strip) -> None:
    """A frame of an earlier strip among a new strip's is a reject; the same strip sent again is not."""
    recipe = strip_bundle.recipe
    limits = recipe.checks.model_copy(update={"frozen": FrozenLimits(remember_strips=2)})
    bundle = replace(strip_bundle, recipe=recipe.model_copy(update={"checks": limits}))
    inspector = Inspector(bundle, strip_engine)
    first, second = strip(recipe, 1), strip(recipe, 2)
    mixed = (second[0], second[1], first[2])
    sent = [(first, 1), (first, 1), (mixed, 2), (strip(recipe, 3), 3)]
    causes = [in_time(inspector, asked(frames, strip_seq=seq)).judgement.causes for frames, seq in sent]
    assert causes == [(), (), (Cause.IMAGE_QUALITY,), ()]


def test_a_wrong_call_is_an_error(inspector: Inspector, good: Frames) -> None:
    """Another product, too few frames or damaged bytes are not judged: the error names the field."""
    damaged = (good[0], replace(good[1], crc32c=1), good[2])
    for request, error, field in (
        (asked(good, product="other"), ProductMismatch, "product"),
        (asked(good[:2]), FrameCountError, "frames"),
        (asked(damaged), FrameDigestError, "frames[1].crc32c"),
    ):
        with pytest.raises(error) as caught:
            in_time(inspector, request)
        assert caught.value.field == field
    assert in_time(inspector, asked(good, product="small-5x4")).judgement.verdict is Verdict.ACCEPT


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_scores_that_are_no_numbers(
    value: str, scores_of: Callable[..., bytes], strip_bundle: Bundle, good: Frames
) -> None:
    """A graph that says NaN or infinity rejects the strip, for that."""
    engine = Engine(scores_of(value), threads=1, patch_size=32)
    judgement = in_time(Inspector(strip_bundle, engine), asked(good)).judgement
    assert (judgement.verdict, judgement.causes) == (Verdict.REJECT, (Cause.NON_FINITE_SCORE,))
    assert len(judgement.rejected_patches) == 60


def test_a_wrong_count_of_scores_is_an_error(
    scores_of: Callable[..., bytes], strip_bundle: Bundle, good: Frames
) -> None:
    """One score for 20 patches is no verdict, but an engine's failure."""
    engine = Engine(scores_of("nan", count="one"), threads=1, patch_size=32)
    with pytest.raises(ScoresError, match=r"expected float32 \[20\], found float32 \[1\]"):
        in_time(Inspector(strip_bundle, engine), asked(good))


def test_an_engine_that_fails_is_an_error(strip_bundle: Bundle, good: Frames) -> None:
    """A failed inference is raised, so that the server stops serving; it is no verdict."""
    engine = Engine(strip_bundle.graph, threads=1, patch_size=16)
    with pytest.raises(EngineError, match=r"uint8 \[N, 16, 16\], found uint8 \[20, 32, 32\]"):
        in_time(Inspector(strip_bundle, engine), asked(good))
