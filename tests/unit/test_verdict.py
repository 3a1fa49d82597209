"""An accept is earned: by every patch, with a finite score below its threshold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripsight.errors import BundleThresholdsError, ScoresError
from stripsight.recipe import load_recipe
from stripsight.verdict import Cause, Judgement, Thresholds, Verdict, causes_of, judge, rejected, rejected_regions

RECIPE = load_recipe("""
schema_version = 1
[product]
name = "two-by-two"
[frame]
width_px = 100
height_px = 100
indices = [0, 7, 15]
pixel_formats = ["MONO8"]
[patch]
size_px = 16
[[vials]]
name = "V1"
left_px = 0
top_px = 0
[[vials]]
name = "V2"
left_px = 50
top_px = 0
[[regions]]
name = "R0"
box = { left_px = 0, top_px = 0, right_px = 16, bottom_px = 16 }
[[regions]]
name = "R1"
box = { left_px = 0, top_px = 16, right_px = 16, bottom_px = 32 }
[slot]
duration_ms = 500
""")
LIMITS = Thresholds({"R0": 0.5, "R1": 0.25})
N = RECIPE.patch_count

A_SCORE = st.floats(0, 2, width=32)
SCORES = st.lists(A_SCORE, min_size=N, max_size=N)
GOOD = st.lists(st.floats(0, 0.234375, width=32), min_size=N, max_size=N)


def judged(scores: list[float]) -> Judgement:
    """Judge a list of scores."""
    return judge(np.array(scores, np.float32), LIMITS, RECIPE)


@pytest.mark.parametrize(
    ("score", "verdict", "causes"),
    [
        (0.0, Verdict.ACCEPT, ()),
        (0.2499, Verdict.ACCEPT, ()),
        (0.25, Verdict.REJECT, (Cause.ANOMALY,)),
        (0.3, Verdict.REJECT, (Cause.ANOMALY,)),
        (2.0, Verdict.REJECT, (Cause.ANOMALY,)),
        (math.nan, Verdict.REJECT, (Cause.NON_FINITE_SCORE,)),
        (math.inf, Verdict.REJECT, (Cause.NON_FINITE_SCORE,)),
        (-math.inf, Verdict.REJECT, (Cause.NON_FINITE_SCORE,)),
    ],
)
@pytest.mark.parametrize("patch", [1, 7, 11])
def test_one_patch_decides(score: float, verdict: Verdict, causes: tuple[Cause, ...], patch: int) -> None:
    """A score at the threshold, or one that is no number, rejects the strip, wherever it is."""
    scores = [0.1] * N
    scores[patch] = score
    judgement = judged(scores)
    assert (judgement.verdict, judgement.causes) == (verdict, causes)
    assert judgement.rejected_patches == ((patch,) if verdict is Verdict.REJECT else ())


@given(SCORES, st.integers(0, N - 1), A_SCORE)
def test_raising_a_score_never_turns_a_reject_into_an_accept(scores: list[float], patch: int, by: float) -> None:
    """The verdict is monotone in every score."""
    raised = [*scores[:patch], scores[patch] + by, *scores[patch + 1 :]]
    if judged(scores).verdict is Verdict.REJECT:
        assert judged(raised).verdict is Verdict.REJECT


@given(GOOD, st.sets(st.integers(0, N - 1), min_size=1))
def test_any_nan_rejects(scores: list[float], patches: set[int]) -> None:
    """However good the rest, NaN is never accepted, and it is reported."""
    for patch in patches:
        scores[patch] = math.nan
    judgement = judged(scores)
    assert judgement.verdict is Verdict.REJECT
    assert judgement.causes == (Cause.NON_FINITE_SCORE,)
    assert set(judgement.rejected_patches) == patches


@given(SCORES, st.permutations(range(3)))
def test_the_order_of_frames_does_not_matter(scores: list[float], order: list[int]) -> None:
    """Permuting frames changes neither the verdict nor a vial's scores."""
    by_frame = np.array(scores, np.float32).reshape(3, -1)
    one, other = judged(scores), judged([float(s) for s in by_frame[order].ravel()])
    assert (one.verdict, one.causes) == (other.verdict, other.causes)
    assert [[r.score for r in v.regions] for v in one.vials] == [[r.score for r in v.regions] for v in other.vials]


@given(SCORES)
def test_the_vials_tell_the_same_as_the_verdict(scores: list[float]) -> None:
    """A strip is accepted exactly when each of its vials is."""
    judgement = judged(scores)
    assert (judgement.verdict is Verdict.ACCEPT) == all(vial.accepted for vial in judgement.vials)


def test_the_worst_frame_decides_for_a_region() -> None:
    """A region has its largest score over the frames (eq. 13), the frame it came from, and its margin."""
    scores = [0.1] * N
    scores[4 + 3], scores[8 + 3] = 0.5, 0.125  # V2 R1 in frames 7 and 15
    vial = judged(scores).vials[1]
    assert (vial.vial, [r.region for r in vial.regions]) == ("V2", ["R0", "R1"])
    region = vial.regions[1]
    assert (region.score, region.threshold, region.margin, region.frame) == (0.5, 0.25, -0.25, 7)
    assert not region.accepted
    assert not vial.accepted
    assert vial.regions[0].margin == pytest.approx(0.4)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_the_worst(bad: float) -> None:
    """A region shows its non-finite score, not the good ones of its other frames."""
    scores = [0.1] * N
    scores[4] = bad
    region = judged(scores).vials[0].regions[0]
    assert not math.isfinite(region.score)
    assert not region.accepted
    assert region.frame == 7


@pytest.mark.parametrize(
    "scores",
    [
        np.zeros(N - 1, np.float32),
        np.zeros(N + 1, np.float32),
        np.zeros(0, np.float32),
        np.zeros((N, 1), np.float32),
        np.zeros(N, np.float64),
        np.zeros(N, np.int32),
    ],
)
def test_scores_of_another_count_shape_or_type_are_an_error(scores: np.ndarray) -> None:
    """They are not judged at all, and the error says what was expected and found."""
    with pytest.raises(ScoresError) as caught:
        judge(scores, LIMITS, RECIPE)
    assert caught.value.facts == {"expected": "float32 [12]", "found": f"{scores.dtype} {list(scores.shape)}"}


@pytest.mark.parametrize("value", [0.0, -0.1, math.nan, math.inf])
def test_a_threshold_is_a_limit(value: float) -> None:
    """A threshold that could pass everything or nothing is refused, by region."""
    with pytest.raises(BundleThresholdsError, match="region R1: expected a finite number above 0"):
        Thresholds({"R0": 0.5, "R1": value})


def test_a_late_accept_is_a_reject_that_keeps_its_scores() -> None:
    """Adding a cause turns an accept into a reject; vials and margins stay for the record."""
    accept = judged([0.1] * N)
    late = accept.and_rejected(Cause.LATE)
    assert (accept.verdict, late.verdict, late.causes) == (Verdict.ACCEPT, Verdict.REJECT, (Cause.LATE,))
    assert late.vials == accept.vials


def test_causes_are_listed_once_and_in_order() -> None:
    """However they come together, causes are unique and in the order of the list."""
    judgement = rejected(Cause.LATE, Cause.IMAGE_QUALITY).and_rejected(Cause.LATE, Cause.ANOMALY)
    assert judgement.causes == (Cause.ANOMALY, Cause.IMAGE_QUALITY, Cause.LATE)
    assert judgement.vials == ()


def test_what_one_frame_rejects_by_itself() -> None:
    """Regions with a score that is not accepted, the one furthest past its threshold first, and a NaN before all."""
    found = rejected_regions(np.array([0.6, 0.5, 0.49, math.nan], np.float32), 7, LIMITS, RECIPE)
    assert [(one.vial, one.region, one.frame) for one in found] == [("V2", "R1", 7), ("V1", "R1", 7), ("V1", "R0", 7)]
    assert [one.threshold for one in found] == [0.25, 0.25, 0.5]
    assert causes_of(one.score for one in found) == (Cause.ANOMALY, Cause.NON_FINITE_SCORE)


@given(scores=st.lists(st.one_of(A_SCORE, st.just(math.nan), st.just(math.inf)), min_size=N, max_size=N))
def test_a_strip_is_rejected_exactly_when_one_of_its_frames_is(scores: list[float]) -> None:
    """And for the same causes: what is told early agrees with the judgement."""
    frames = np.array(scores, np.float32).reshape(len(RECIPE.frame.indices), -1)
    early = [
        region
        for index, each in zip(RECIPE.frame.indices, frames, strict=True)
        for region in rejected_regions(each, index, LIMITS, RECIPE)
    ]
    judgement = judged(scores)
    assert bool(early) is (judgement.verdict is Verdict.REJECT)
    assert causes_of(region.score for region in early) == judgement.causes
