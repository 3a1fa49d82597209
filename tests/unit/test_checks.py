"""Image checks: a good strip passes, and each way of being unusable has its own cause."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from stripsight.checks import Finding, RecentFrames, check, vial_pictures
from stripsight.frame import Frame
from stripsight.limits import CaptureLimits, ChecksSpec, FrozenLimits, PresentLimits
from stripsight.recipe import Recipe
from stripsight.verdict import Cause

Pixels = NDArray[np.uint8]
Picture = Callable[..., Pixels]

QUALITY, NOT_FOUND = Cause.IMAGE_QUALITY, Cause.STRIP_NOT_FOUND


@pytest.fixture
def good(picture: Picture, strip_recipe: Recipe) -> tuple[Frame, ...]:
    """The frames of a good strip."""
    return tuple(Frame(i, picture(strip_recipe, i + 1), f"digest {i}") for i in strip_recipe.frame.indices)


def with_middle(frames: tuple[Frame, ...], pixels: Pixels) -> tuple[Frame, ...]:
    """The same frames with other pixels in frame 7."""
    return tuple(replace(frame, pixels=pixels) if frame.index == 7 else frame for frame in frames)


def black(pixels: Pixels) -> Pixels:
    """The light is off."""
    return np.zeros_like(pixels)


def saturated(pixels: Pixels) -> Pixels:
    """Far too much light."""
    return np.full_like(pixels, 255)


def glare(pixels: Pixels) -> Pixels:
    """A reflection on each vial, of which the mean says nothing."""
    spoiled = pixels.copy()
    spoiled[60:64] = 255
    return spoiled


def blurred(pixels: Pixels) -> Pixels:
    """Out of focus."""
    return cv2.GaussianBlur(pixels, (0, 0), 4).astype(np.uint8)


def empty(pixels: Pixels) -> Pixels:
    """No strip, and its noise."""
    noise = np.random.default_rng(3).normal(0, 2, pixels.shape)
    return (np.full(pixels.shape, 195) + noise).astype(np.uint8)


def sideways(pixels: Pixels) -> Pixels:
    """The strip lies 6 px too far right."""
    return np.roll(pixels, 6, axis=1)


def high(pixels: Pixels) -> Pixels:
    """The strip lies 10 px too high."""
    return np.roll(pixels, -10, axis=0)


def test_a_good_strip_passes(good: tuple[Frame, ...], strip_recipe: Recipe) -> None:
    """Nothing is found on a good strip."""
    assert check(good, strip_recipe) == ()


@pytest.mark.parametrize(
    ("spoil", "cause", "words"),
    [
        (black, QUALITY, "mean grey of 90 to 200, found 0.0"),
        (saturated, QUALITY, "mean grey of 90 to 200, found 255.0"),
        (glare, QUALITY, "at most 0.01 of the pixels at 255, found 0.03"),
        (blurred, QUALITY, "Laplacian variance of at least 250"),
        (empty, NOT_FOUND, "vial on 0.3 to 0.8 of its box, found it on 0.0000"),
        (sideways, NOT_FOUND, "centre at (15.5 +- 3, 63.5 +- 6) px, found (2"),
        (high, NOT_FOUND, "centre at (15.5 +- 3, 63.5 +- 6) px, found (1"),
    ],
)
def test_each_way_of_being_unusable(
    spoil: Callable[[Pixels], Pixels],
    cause: Cause,
    words: str,
    good: tuple[Frame, ...],
    strip_recipe: Recipe,
) -> None:
    """One bad frame of three is found on each of its vials, with cause, limit and measure, and no other."""
    findings = check(with_middle(good, spoil(good[1].pixels)), strip_recipe)
    assert {(finding.cause, finding.frame_index) for finding in findings} == {(cause, 7)}
    assert len(findings) == 5
    assert words in findings[0].message
    assert findings[0].message.startswith("frame 7, vial V1: expected")


def test_one_vial_is_enough(good: tuple[Frame, ...], strip_recipe: Recipe) -> None:
    """A vial that is missing from a strip that is there is found."""
    pixels = good[1].pixels.copy()
    pixels[strip_recipe.vial_boxes["V4"].slices] = 195
    findings = check(with_middle(good, pixels), strip_recipe)
    assert [(finding.cause, "vial V4" in finding.message) for finding in findings] == [(NOT_FOUND, True)]


def test_frames_with_the_same_pixels(good: tuple[Frame, ...], strip_recipe: Recipe) -> None:
    """A camera that gave the same image twice is found, whatever the bytes it came in."""
    findings = check(with_middle(good, good[0].pixels.copy()), strip_recipe)
    assert findings == (Finding(QUALITY, "frames 0 and 7 hold the same pixels"),)


@pytest.mark.parametrize("name", ["exposure", "focus", "frozen", "present"])
def test_a_check_without_limits_is_not_made(name: str, good: tuple[Frame, ...], strip_recipe: Recipe) -> None:
    """A black, frozen strip has only the findings whose limits the recipe gives."""
    limits = strip_recipe.checks
    only = strip_recipe.model_copy(update={"checks": ChecksSpec(**{name: getattr(limits, name)})})
    spoiled = tuple(replace(frame, pixels=black(frame.pixels)) for frame in good)
    words = {"exposure": "mean grey", "focus": "Laplacian", "frozen": "same pixels", "present": "of its box"}
    findings = check(spoiled, only)
    assert findings
    assert all(words[name] in finding.message for finding in findings)


def test_a_vial_may_be_brighter_than_the_ground(good: tuple[Frame, ...], strip_recipe: Recipe) -> None:
    """On a dark ground the vial is what is brighter than the level."""
    present = strip_recipe.checks.present
    assert isinstance(present, PresentLimits)
    bright = present.model_copy(update={"vial_is": "bright", "level": 105.0})
    negative = 255 - good[0].pixels
    positions = [vial.position(bright) for _, vial in vial_pictures(replace(good[0], pixels=negative), strip_recipe)]
    expected = [vial.position(present) for _, vial in vial_pictures(good[0], strip_recipe)]
    assert positions == expected


def test_positions_are_relative_to_the_vials_origin(good: tuple[Frame, ...], strip_recipe: Recipe) -> None:
    """The vial painted in the middle of its 32 x 128 px box is found there, to the raster of 4 px."""
    present = strip_recipe.checks.present
    assert isinstance(present, PresentLimits)
    for _, vial in vial_pictures(good[0], strip_recipe):
        _, x, y = vial.position(present)
        assert (x, y) == pytest.approx((15.5, 63.5), abs=2)


def timed(frames: tuple[Frame, ...], *offsets_ms: float | None) -> tuple[Frame, ...]:
    """The same frames with capture times."""
    start = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    times = [None if ms is None else start + timedelta(milliseconds=ms) for ms in offsets_ms]
    return tuple(replace(frame, capture_time=time) for frame, time in zip(frames, times, strict=True))


@pytest.mark.parametrize(
    ("offsets_ms", "words"),
    [
        ((0, 70, 150), None),
        ((0, 70, 300), None),
        ((70, 0, 150), "ascend with the frame index"),
        ((0, 70, 70), "ascend with the frame index"),
        ((0, 70, 500), "within 300 ms, found 500 ms"),
        ((0, None, 150), "expected 3 capture times, found 2"),
    ],
)
def test_frames_swapped_or_of_two_strips(
    offsets_ms: tuple[float | None, ...], words: str | None, good: tuple[Frame, ...], strip_recipe: Recipe
) -> None:
    """Capture times out of order, too far apart or missing give frames away that are not one acquisition."""
    checks = ChecksSpec(capture=CaptureLimits(span_max_ms=300))
    findings = check(timed(good, *offsets_ms), strip_recipe.model_copy(update={"checks": checks}))
    assert [finding.cause for finding in findings] == ([QUALITY] if words else [])
    assert all(words in finding.message for finding in findings if words)


ONE, TWO = FrozenLimits(remember_strips=1), FrozenLimits(remember_strips=2)


def frames_called(*digests: str) -> tuple[Frame, ...]:
    """Frames of which only the digest matters."""
    return tuple(Frame(index, np.zeros((1, 1), np.uint8), digest) for index, digest in enumerate(digests))


def test_a_camera_that_hands_out_old_frames() -> None:
    """A frame that one of the last strips had is found, in any place; one from further back is not."""
    recent = RecentFrames()
    assert recent.check("S1", frames_called("a", "b"), TWO) == ()
    assert recent.check("S2", frames_called("c", "d"), TWO) == ()
    (found,) = recent.check("S3", frames_called("e", "a"), TWO)
    assert (found.cause, found.frame_index) == (QUALITY, 1)
    assert recent.check("S4", frames_called("b", "f"), TWO) == ()


def test_a_repeated_call_is_no_frozen_camera() -> None:
    """The same strip under the same ids may come again."""
    recent = RecentFrames()
    assert recent.check("S1", frames_called("a"), ONE) == ()
    assert recent.check("S1", frames_called("a"), ONE) == ()
    assert recent.check("S2", frames_called("a"), ONE) != ()


@pytest.mark.parametrize("limits", [None, FrozenLimits(remember_strips=0)])
def test_nothing_is_remembered_unless_asked_for(limits: FrozenLimits | None) -> None:
    """Without the limit, or with 0, strips do not know each other."""
    recent = RecentFrames()
    assert recent.check("S1", frames_called("a"), limits) == ()
    assert recent.check("S2", frames_called("a"), limits) == ()
