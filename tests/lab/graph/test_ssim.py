"""The score in the graph against scikit-image's structural similarity."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from stripsight.engine import Engine
from stripsight_lab.graph.assemble import assemble
from stripsight_lab.graph.ssim import score_graph

Image = NDArray[np.uint8]
Stored = Callable[[Image], onnx.ModelProto]
Reference = Callable[[Image, Image], NDArray[np.float64]]

SIZE = 64
rng = np.random.default_rng(7)


def flat(level: int, size: int = SIZE) -> Image:
    """One grey level."""
    return np.full((size, size), level, np.uint8)


def noise(mean: float = 128, sigma: float = 90, size: int = SIZE) -> Image:
    """Noise, clipped where it leaves 0 .. 255."""
    return np.clip(rng.normal(mean, sigma, (size, size)), 0, 255).round().astype(np.uint8)


def shaded(size: int = SIZE) -> Image:
    """A patch like those of the line: slow shading, a dark wall, a few bubbles, a little sensor noise."""
    image = (150 + 1300 * cv2.GaussianBlur(rng.normal(size=(size, size)), (0, 0), 12)).astype(np.float32)
    image[:, size // 4 : size // 4 + 4] = 40
    for x, y in rng.integers(0, size, (6, 2)).tolist():
        cv2.circle(image, (x, y), 5, 90.0, 1)
    return nearly(image, 1)


def nearly(image: NDArray[Any], sigma: float) -> Image:
    """The image with noise."""
    return np.clip(image + rng.normal(0, sigma, image.shape), 0, 255).round().astype(np.uint8)


def halves(left: int, right: int) -> Image:
    """Two flat halves."""
    return np.concatenate([flat(left)[:, : SIZE // 2], flat(right)[:, SIZE // 2 :]], axis=1)


def scores_of(stored: Stored, left: Image, right: Image) -> NDArray[np.float32]:
    """Scores of the graph for a generator that draws `right`."""
    graph = assemble(stored(right), patch_size=left.shape[1]).SerializeToString()
    inference = Engine(graph, threads=1, patch_size=left.shape[1]).infer(left)
    np.testing.assert_array_equal(inference.reconstructions, right)
    return inference.scores


checks = ((np.indices((SIZE, SIZE)).sum(axis=0) % 2) * 255).astype(np.uint8)
patch = shaded()
PAIRS = {
    "black and white": (flat(0), flat(255)),
    "white and black": (flat(255), flat(0)),
    "flat, unlike": (flat(200), flat(100)),
    "flat, one level apart": (flat(255), flat(254)),
    "dark, two levels apart": (flat(1), flat(3)),
    "noise and noise": (noise(), noise()),
    "noise and its mean": (noise(), flat(128)),
    "faint noise on white": (noise(252, 3), noise(252, 3)),
    "faint noise on black": (noise(2, 2), noise(2, 2)),
    "saturated and white": (noise(300, 80), flat(255)),
    "saturated and saturated": (noise(300, 80), noise(300, 80)),
    "chequers and inverse": (checks, 255 - checks),
    "patch and a close one": (patch, nearly(patch, 2)),
    "patch and a coarse one": (patch, nearly(patch, 20)),
    "patch and another": (patch, shaded()),
    "patch and its inverse": (patch, 255 - patch),
    "patch and noise": (patch, noise()),
}
whole = shaded(256)
WHOLE = [(flat(0, 256), flat(255, 256)), (noise(size=256), noise(size=256)), (whole, nearly(whole, 3))]


def test_score_equals_scikit_image(stored: Stored, reference: Reference) -> None:
    """Random, constant, saturated and real-looking pairs score within 1e-5 of float64 scikit-image."""
    left, right = (np.stack(side) for side in zip(*PAIRS.values(), strict=True))
    difference = np.abs(scores_of(stored, left, right) - reference(left, right))
    assert {name: d for name, d in zip(PAIRS, difference, strict=True) if d > 1e-5} == {}


def test_score_of_whole_patches_equals_scikit_image(stored: Stored, reference: Reference) -> None:
    """At 256 x 256 the mean over 60516 positions keeps its digits."""
    left, right = (np.stack(side) for side in zip(*WHOLE, strict=True))
    np.testing.assert_allclose(scores_of(stored, left, right), reference(left, right), rtol=0, atol=1e-5)


def test_equal_patches_score_zero(stored: Stored) -> None:
    """A perfect reconstruction scores 0, not nearly 0."""
    images = np.stack([flat(0), flat(255), noise(), patch, halves(255, 0)])
    assert scores_of(stored, images, images).tolist() == [0.0] * len(images)


def test_smallest_difference_counts(stored: Stored, reference: Reference) -> None:
    """One pixel off by one level is seen, and measured to 1 %: nothing cancels where two are nearly equal."""
    changed = patch.copy()
    changed[30, 30] += 1
    expected = reference(patch[None], changed[None])
    assert expected[0] < 1e-5
    np.testing.assert_allclose(scores_of(stored, patch[None], changed[None]), expected, rtol=1e-2)


def test_flat_areas_far_apart_stay_close(stored: Stored, reference: Reference) -> None:
    """Flat areas that differ by 100 levels are float32's worst case: 2e-4 at scores above 0.2."""
    left = np.stack([halves(200, 100), halves(255, 0), halves(240, 10)])
    right = np.stack([halves(100, 200), halves(120, 130), halves(10, 60)])
    expected = reference(left, right)
    assert expected.min() > 0.2
    np.testing.assert_allclose(scores_of(stored, left, right), expected, rtol=0, atol=2e-4)


def test_patch_smaller_than_the_filter_is_refused() -> None:
    """A patch of 10 px has no position where the window fits."""
    with pytest.raises(ValueError, match="10 px"):
        score_graph(10, left="left", right="right", scores="scores")
