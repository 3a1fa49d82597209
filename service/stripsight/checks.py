"""Is this a usable picture of a strip that is there? (the check step). Cheap, and made before any inference.

Every limit comes from the recipe, and a check without limits is not made. Each vial of each frame is asked
for exposure, then position, then focus, and its first finding ends it: an empty place is not also blurred.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from stripsight.frame import Frame
from stripsight.limits import (
    CaptureLimits,
    ExposureLimits,
    FocusLimits,
    FrozenLimits,
    PresentLimits,
)
from stripsight.recipe import Recipe
from stripsight.verdict import Cause

# In messages about more than a strip's own pictures; they are on record, so a replay knows them again.
REPEATED = "the same bytes as in an earlier strip"
TIMES = "capture times"

_STEP = 4  # a vial's fraction and position need no finer raster than every fourth column and row


@dataclass(frozen=True)
class Finding:
    """Something wrong with the picture. `frame_index` is None when it concerns several frames."""

    cause: Cause
    message: str
    frame_index: int | None = None


@dataclass(frozen=True)
class VialPicture:
    """A vial cut out of a frame: pixels uint8 [h, w], and their corner relative to the vial's origin."""

    pixels: NDArray[np.uint8]
    left_px: int
    top_px: int

    @property
    def mean(self) -> float:
        """Mean grey, 0 .. 255."""
        return float(cv2.mean(self.pixels)[0])

    @property
    def saturated(self) -> float:
        """Fraction of the pixels at 255."""
        return float(np.count_nonzero(self.pixels == 255)) / self.pixels.size

    @property
    def sharpness(self) -> float:
        """Variance of the Laplacian at half the resolution, in grey levels squared; blur lowers it.

        Halving averages sensor noise away, which hides blur: a blur of 2 px lowers this 13 times, and at full
        resolution, where it also costs three times as much, 10 times at best.
        """
        half = cv2.resize(self.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        _, deviation = cv2.meanStdDev(cv2.Laplacian(half, cv2.CV_16S))
        return float(deviation[0, 0]) ** 2

    def position(self, limits: PresentLimits) -> tuple[float, float, float]:
        """Return the vial's fraction of the pixels, and its centroid (x, y) in px from the vial's origin.

        The centroid of no pixels is NaN.
        """
        coarse = np.ascontiguousarray(self.pixels[::_STEP, ::_STEP])
        mask = coarse < limits.level if limits.vial_is == "dark" else coarse > limits.level
        rows, columns = mask.sum(axis=1), mask.sum(axis=0)
        count = int(rows.sum())
        if count == 0:
            return 0.0, float("nan"), float("nan")
        x = float(columns @ np.arange(columns.size)) / count * _STEP
        y = float(rows @ np.arange(rows.size)) / count * _STEP
        return count / mask.size, self.left_px + x, self.top_px + y


def check(frames: Sequence[Frame], recipe: Recipe) -> tuple[Finding, ...]:
    """Return what is wrong with a strip's frames, given in the recipe's order; empty when nothing is."""
    return check_strip(frames, recipe) + tuple(found for frame in frames for found in check_frame(frame, recipe))


def check_strip(frames: Sequence[Frame], recipe: Recipe) -> tuple[Finding, ...]:
    """Return what is wrong between a strip's frames, given in the recipe's order: their times, one seen twice."""
    limits = recipe.checks
    times = _capture(frames, limits.capture) if limits.capture is not None else ()
    frozen = _frozen(frames) if limits.frozen is not None else ()
    return (*times, *frozen)


def check_frame(frame: Frame, recipe: Recipe) -> tuple[Finding, ...]:
    """Return what is wrong with one frame by itself, vial by vial."""
    limits, findings = recipe.checks, []
    for name, picture in vial_pictures(frame, recipe):
        found = next(_vial(picture, limits.exposure, limits.present, limits.focus), None)
        if found is not None:
            cause, message = found
            findings.append(Finding(cause, f"frame {frame.index}, vial {name}: {message}", frame.index))
    return tuple(findings)


def vial_pictures(frame: Frame, recipe: Recipe) -> Iterator[tuple[str, VialPicture]]:
    """Cut each vial out of a frame, with its name. What is measured here is what the limits are set from."""
    for vial in recipe.vials:
        box = recipe.vial_boxes[vial.name]
        corner = box.left_px - vial.left_px, box.top_px - vial.top_px
        yield vial.name, VialPicture(frame.pixels[box.slices], *corner)


class RecentFrames:
    """Digests of the frames of past strips: a camera that hangs hands out its buffers again.

    A real sensor's noise never repeats a frame bit for bit. A strip that is sent again under its own ids is a
    repeat of the call, not of the picture.
    """

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._strips: deque[tuple[object, frozenset[str]]] = deque()

    def check(self, strip: object, frames: Sequence[Frame], limits: FrozenLimits | None) -> tuple[Finding, ...]:
        """Return the frames that another strip already had, and remember these for `strip` (its ids).

        Looks at, and keeps, as many strips as `limits` say; none without limits.
        """
        while len(self._strips) > (limits.remember_strips if limits is not None else 0):
            self._strips.popleft()
        past = {digest for other, digests in self._strips if other != strip for digest in digests}
        self._strips.append((strip, frozenset(frame.digest for frame in frames)))
        return tuple(
            Finding(Cause.IMAGE_QUALITY, f"frame {f.index}: {REPEATED}", f.index) for f in frames if f.digest in past
        )


def _vial(
    picture: VialPicture,
    exposure: ExposureLimits | None,
    present: PresentLimits | None,
    focus: FocusLimits | None,
) -> Iterator[tuple[Cause, str]]:
    if exposure is not None:
        if not exposure.mean_min <= picture.mean <= exposure.mean_max:
            expected = f"{exposure.mean_min:g} to {exposure.mean_max:g}"
            yield Cause.IMAGE_QUALITY, f"expected a mean grey of {expected}, found {picture.mean:.1f}"
        if picture.saturated > exposure.saturated_max:
            expected = f"at most {exposure.saturated_max:g} of the pixels at 255"
            yield Cause.IMAGE_QUALITY, f"expected {expected}, found {picture.saturated:.4f}"
    if present is not None:
        yield from _present(picture, present)
    if focus is not None and not picture.sharpness >= focus.variance_min:
        expected = f"a Laplacian variance of at least {focus.variance_min:g}"
        yield Cause.IMAGE_QUALITY, f"expected {expected}, found {picture.sharpness:.1f}"


def _present(picture: VialPicture, limits: PresentLimits) -> Iterator[tuple[Cause, str]]:
    fraction, x, y = picture.position(limits)
    if not limits.fraction_min <= fraction <= limits.fraction_max:
        expected = f"{limits.fraction_min:g} to {limits.fraction_max:g}"
        yield Cause.STRIP_NOT_FOUND, f"expected the vial on {expected} of its box, found it on {fraction:.4f}"
    # Asked so that the NaN centroid of a vial that is not there fails.
    in_place = abs(x - limits.centre_x_px) <= limits.offset_x_max_px
    if not (in_place and abs(y - limits.centre_y_px) <= limits.offset_y_max_px):
        across = f"{limits.centre_x_px:g} +- {limits.offset_x_max_px:g}"
        down = f"{limits.centre_y_px:g} +- {limits.offset_y_max_px:g}"
        yield (
            Cause.STRIP_NOT_FOUND,
            f"expected the vial's centre at ({across}, {down}) px, found ({x:.1f}, {y:.1f})",
        )


def _frozen(frames: Sequence[Frame]) -> Iterator[Finding]:
    for one, other in combinations(frames, 2):
        if np.array_equal(one.pixels, other.pixels):
            yield Finding(Cause.IMAGE_QUALITY, f"frames {one.index} and {other.index} hold the same pixels")


def _capture(frames: Sequence[Frame], limits: CaptureLimits) -> Iterator[Finding]:
    times = [frame.capture_time for frame in frames if frame.capture_time is not None]
    if len(times) < len(frames):
        yield Finding(Cause.IMAGE_QUALITY, f"expected {len(frames)} {TIMES}, found {len(times)}")
        return
    if any(later <= earlier for earlier, later in pairwise(times)):
        yield Finding(Cause.IMAGE_QUALITY, f"expected {TIMES} that ascend with the frame index")
    span_ms = (max(times) - min(times)).total_seconds() * 1000
    if span_ms > limits.span_max_ms:
        yield Finding(Cause.IMAGE_QUALITY, f"expected {TIMES} within {limits.span_max_ms:g} ms, found {span_ms:.0f} ms")
