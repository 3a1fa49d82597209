"""Good strips: reproducible, and they look as described."""

import numpy as np
import pytest

from stripsight_lab.line import Strip
from stripsight_lab.line.camera import NOISE_SIGMA, shoot
from stripsight_lab.line.geometry import VIALS, region_box, vial_origin
from stripsight_lab.line.instant import Instant
from stripsight_lab.line.liquid import surface
from stripsight_lab.line.mould import mould


def test_a_frame_does_not_depend_on_the_others_asked_for() -> None:
    """The same seed, run and frame give the same pixels alone, in another order, and from an equal strip."""
    together = Strip.good(3).acquire(2, (0, 7)).frames
    swapped = Strip.good(3).acquire(2, (7, 0)).frames
    alone = Strip.good(3).acquire(2, (7,)).frames
    assert np.array_equal(together[1], swapped[0])
    assert np.array_equal(together[0], swapped[1])
    assert np.array_equal(together[1], alone[0])


def test_runs_frames_and_strips_differ() -> None:
    """Another run, frame or strip gives another picture."""
    first = Strip.good(3).acquire(0, (0, 7)).frames
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], Strip.good(3).acquire(1, (0,)).frames[0])
    assert not np.array_equal(first[0], Strip.good(4).acquire(0, (0,)).frames[0])


def test_grey_levels_are_those_of_a_backlit_strip() -> None:
    """The background is near 240, the liquid 150 to 205 and the outline dark, but for the light."""
    frame = Strip.good(3).acquire(0, (7,)).frames[0]
    assert frame.shape == (1080, 1920)
    assert 230 <= np.median(frame[:, :100]) <= 249
    for vial in range(VIALS):
        left, top = vial_origin(vial)
        liquid = frame[top + 680 : top + 900, left + 50 : left + 206]
        low, high = np.percentile(liquid, (2, 98))
        assert 145 <= low < high <= 212
        assert frame[top + 680, left : left + 60].min() < 100


def test_the_sensor_adds_slight_noise() -> None:
    """Neighbouring px of the plain background differ by noise of one or two grey levels, and no more."""
    plain = Strip.good(3).acquire(0, (7,)).frames[0, 20:1060, 5:85].astype(float)
    sigma = np.diff(plain, axis=1).std() / np.sqrt(2)
    assert 1 <= NOISE_SIGMA <= 2
    assert sigma == pytest.approx(NOISE_SIGMA, rel=0.1)


def test_pose_and_light_stay_small() -> None:
    """The pose keeps within about 2 px and 0.2 degrees, the light within about 5 % of its mean."""
    for run in range(40):
        shot = shoot(1, run, 7)
        middle = shot.matrix @ np.array([960, 540, 1], dtype=np.float32)
        assert np.abs(middle - (960, 540)).max() <= 2.01
        assert abs(np.degrees(np.arctan2(shot.matrix[0, 1], shot.matrix[0, 0]))) <= 0.201
        assert 0.94 < (shot.rows * shot.columns).min() <= (shot.rows * shot.columns).max() < 1.04


def test_the_meniscus_follows_the_movement() -> None:
    """The surface leans one way at the start and the other way at the end, and stays between its limits."""
    shape = mould(5, 1)
    first, last = (surface(shape, Instant(5, 1, 0, frame)) for frame in (0, 15))
    assert first.slope > 0.03 > -0.03 > last.slope
    assert 520 < first.level < 625


def test_the_moulding_outlasts_the_run() -> None:
    """The embossed flag of a strip is the same in two runs, but for pose, light and noise."""
    left, top, right, bottom = region_box(2, "R0")
    one, two = (Strip.good(6).acquire(run, (7,)).frames[0, top:bottom, left:right] for run in (0, 1))
    other = Strip.good(6).acquire(0, (7,)).frames[0, top + 400 : bottom + 400, left:right]
    assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.75
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] < 0.5


@pytest.mark.parametrize(("run", "frames"), [(-1, (0,)), (0, (16,)), (0, (-1,))])
def test_a_run_or_frame_out_of_range_is_refused(run: int, frames: tuple[int, ...]) -> None:
    """Runs start at 0 and frames go from 0 to 15."""
    with pytest.raises(ValueError, match="out of range"):
        Strip.good(1).acquire(run, frames)
