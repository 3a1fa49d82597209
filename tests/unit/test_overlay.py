"""Heat as a picture over a frame, read back by OpenCV, which had no part in writing it."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stripsight.overlay import laid_over, to_png

PATCH = np.random.default_rng(6).integers(0, 256, (32, 32), np.uint8)


def decoded(png: bytes) -> NDArray[np.uint8]:
    """Blue, green, red and opacity, uint8 [H, W, 4]."""
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)


@given(width=st.integers(1, 300), height=st.integers(1, 300))
def test_any_size_can_be_read(width: int, height: int) -> None:
    """A PNG of the heat's size with an opacity."""
    heat = np.random.default_rng(width).random((height, width), np.float32)
    assert decoded(to_png(heat)).shape == (height, width, 4)


def test_the_hotter_the_more_opaque() -> None:
    """Cold is not there at all, the hottest is orange and still lets what lies below through."""
    shown = decoded(to_png(np.linspace(0, 1, 256, dtype=np.float32)[np.newaxis]))[0].astype(int)
    assert shown[0, 3] == 0
    assert shown[-1, 3] == 204
    assert (np.diff(shown[:, 3]) >= 0).all()
    blue, green, red = shown[-1, :3]
    assert red > 240
    assert 100 < green < 170
    assert blue < 60


def test_a_cold_place_shows_the_picture_below() -> None:
    """Heat covers its own place alone, at its opacity, whatever the map's resolution."""
    heat = np.zeros((8, 8), np.float32)
    heat[2, 3] = 1
    shown = laid_over(PATCH, to_png(heat))
    place = np.zeros(PATCH.shape, bool)
    place[8:12, 12:16] = True
    assert (shown[~place] == PATCH[~place][:, np.newaxis]).all()
    colour = decoded(to_png(heat))[2, 3, :3]
    assert np.abs(shown[place] - (0.2 * PATCH[place][:, np.newaxis] + 0.8 * colour)).max() <= 1


@pytest.mark.parametrize(
    "png", [b"", b"no picture", cv2.imencode(".png", PATCH)[1].tobytes()], ids=["empty", "text", "grey"]
)
def test_what_is_no_heatmap_is_refused(png: bytes) -> None:
    """Told in words, not drawn as something else."""
    with pytest.raises(ValueError, match="heatmap: expected a PNG"):
        laid_over(PATCH, png)
