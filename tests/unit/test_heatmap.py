"""Heatmaps: where, and how much."""

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from stripsight.engine import Engine
from stripsight.heatmap import anchored, anomaly_map, mapped, minmax

Pixels = NDArray[np.uint8]


def pair(seed: int, size: int = 64, noise: float = 4, speckle: float = 0) -> tuple[Pixels, Pixels]:
    """A smooth patch with noise and perhaps a speckle, and the patch without either."""
    random = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(random.uniform(0, 255, (size, size)), (0, 0), 6)
    seen = smooth + random.normal(0, noise, smooth.shape)
    seen[20:32, 30:42] += speckle
    return seen.clip(0, 255).astype(np.uint8), smooth.clip(0, 255).astype(np.uint8)


def test_minmax_by_hand() -> None:
    """Eq. 10 and 11: differences 10, 20, 10, 50 become 0, 1/4, 0, 1."""
    patch = np.array([[10, 20], [100, 50]], np.uint8)
    redrawn = np.array([[20, 40], [90, 100]], np.uint8)
    assert minmax(patch, redrawn) == pytest.approx(np.array([[0, 0.25], [0, 1]]))


def test_minmax_of_equal_images_is_cold() -> None:
    """No difference is no heat, rather than 0 / 0."""
    patch, _ = pair(1)
    assert not minmax(patch, patch).any()


@pytest.mark.parametrize("seed", range(3))
def test_the_anomaly_map_is_that_of_scikit_image(seed: int) -> None:
    """1 - D is scikit-image's SSIM map, with the paper's usual settings, inside the border."""
    patch, redrawn = pair(seed, speckle=40)
    _, similar = structural_similarity(
        patch,
        redrawn,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    assert anomaly_map(patch, redrawn) == pytest.approx(1 - similar[5:-5, 5:-5], abs=2e-4)


def test_the_anomaly_map_has_the_graphs_score(strip_engine: Engine) -> None:
    """The mean of D, computed from a patch and its reconstruction alone, is the score that the graph gave."""
    patches = np.stack([pair(seed, 32, speckle=6 * seed)[0] for seed in range(20)])
    inference = strip_engine.infer(patches)
    maps = map(anomaly_map, patches, inference.reconstructions)
    assert [m.mean() for m in maps] == pytest.approx(inference.scores, abs=1e-5)


@given(seed=st.integers(0, 99), speckle=st.floats(0, 120), factor=st.floats(0.05, 3))
def test_heat_above_one_half_is_what_must_go(seed: int, speckle: float, factor: float) -> None:
    """Hot is the excess: cut D where heat is 0.5 and the score is the threshold; below it nothing is hot."""
    patch, redrawn = pair(seed, speckle=speckle)
    anomaly = anomaly_map(patch, redrawn)
    score = float(anomaly.mean())
    threshold = score * factor
    heat = anchored(patch, redrawn, threshold)[5:-5, 5:-5]
    if score < threshold:
        assert heat.max() == pytest.approx(score / threshold / 2, rel=1e-4)
    else:
        assume((heat < 1).any())  # else all of it is far above the level, which heat then does not tell
        warmest = np.where(heat < 1, heat, 0).argmax()
        level = anomaly.flat[warmest] / heat.flat[warmest] / 2
        assert np.minimum(anomaly, level).mean() == pytest.approx(threshold, rel=1e-3)
        assert (heat > 0.5).any() or factor > 0.999


def test_a_good_patch_stays_cold_where_minmax_burns() -> None:
    """A patch of a third of its threshold stays below 0.17, while the min-max form always reaches 1."""
    patch, redrawn = pair(3)
    threshold = 3 * float(anomaly_map(patch, redrawn).mean())
    assert anchored(patch, redrawn, threshold).max() < 0.17
    assert minmax(patch, redrawn).max() == 1


def test_a_defect_is_where_it_is_hot() -> None:
    """On a rejected patch the hot places are around the defect at rows 20 to 31, columns 30 to 41."""
    patch, redrawn = pair(4, noise=1, speckle=60)
    hot = anchored(patch, redrawn, 0.05) > 0.5
    assert hot[14:38, 24:48].sum() == hot.sum() > 50


@pytest.mark.parametrize("threshold", [1e-6, 0.02, 1.9])
def test_heat_has_the_patchs_shape_and_range(threshold: float) -> None:
    """Heat is float32 [P, P] in 0 .. 1 for any threshold, and zero for equal images."""
    patch, redrawn = pair(5, speckle=90)
    heat = anchored(patch, redrawn, threshold)
    assert (heat.shape, heat.dtype) == (patch.shape, np.float32)
    assert heat.min() >= 0
    assert heat.max() <= 1
    assert not anchored(patch, patch, threshold).any()


@given(seed=st.integers(0, 99), factor=st.floats(0.05, 3))
def test_a_map_is_hot_where_it_alone_rejects(seed: int, factor: float) -> None:
    """With t the threshold, a place of the map is at one half where it equals t, and none is where the patch passes."""
    anomaly = np.random.default_rng(seed).gamma(0.5, 2, (8, 8)).astype(np.float32)
    threshold = float(anomaly.max()) * factor
    heat = mapped(anomaly, threshold)
    assert (heat.shape, heat.dtype) == ((8, 8), np.float32)
    assert 0 <= heat.min() <= heat.max() <= 1
    assert heat == pytest.approx(np.minimum(anomaly / threshold / 2, 1), rel=1e-5)
    assume(abs(factor - 1) > 1e-6)
    assert (heat.max() < 0.5) == (factor > 1)
