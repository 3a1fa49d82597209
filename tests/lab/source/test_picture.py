"""Picture files to grey pixels."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from stripsight_lab.source.picture import digest, read_grey, read_mask, resized, resized_mask

RAMP = np.arange(96, dtype=np.uint8).reshape(8, 12)


def saved(path: Path, pixels: NDArray[Any]) -> Path:
    """The path, once the picture is there."""
    assert cv2.imwrite(str(path), pixels)
    return path


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "TIFF"])
def test_grey_comes_back_as_it_was(tmp_path: Path, ending: str) -> None:
    """Lossless formats keep every pixel, and the digest is that of the pixels and not of the file."""
    read = read_grey(saved(tmp_path / f"ramp.{ending}", RAMP))
    np.testing.assert_array_equal(read, RAMP)
    assert read.dtype == np.uint8
    assert digest(read) == digest(RAMP) != digest(RAMP.reshape(12, 8))


def test_colour_becomes_luma(tmp_path: Path) -> None:
    """Pure red, green and blue of 255 are 76, 150 and 29; grey written as colour stays what it is."""
    primaries = np.array([[[0, 0, 255], [0, 255, 0], [255, 0, 0], [7, 7, 7]]], np.uint8)  # blue, green, red
    assert read_grey(saved(tmp_path / "colour.png", primaries)).tolist() == [[76, 150, 29, 7]]


def test_transparency_is_dropped(tmp_path: Path) -> None:
    """A pixel is as bright as its colour says, however transparent."""
    pixels = np.array([[[90, 90, 90, 255], [90, 90, 90, 0]]], np.uint8)
    assert read_grey(saved(tmp_path / "clear.png", pixels)).tolist() == [[90, 90]]


def test_sixteen_bits_keep_the_higher_eight(tmp_path: Path) -> None:
    """0x12ff is 0x12, as in the service."""
    assert read_grey(saved(tmp_path / "deep.png", np.array([[0x12FF, 0x00FF]], np.uint16))).tolist() == [[0x12, 0]]


def test_what_is_not_a_picture_is_refused_by_name(tmp_path: Path) -> None:
    """A picture cut short, a text, several pictures in one file, and floating point."""
    whole = saved(tmp_path / "whole.png", np.random.default_rng(1).integers(0, 256, (40, 40), np.uint8)).read_bytes()
    (tmp_path / "short.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("not a picture")
    assert cv2.imwritemulti(str(tmp_path / "two.tif"), [RAMP, RAMP])
    saved(tmp_path / "float.tif", RAMP.astype(np.float32))
    for name, found in {
        "short.png": "bytes that cannot be read",
        "text.png": "found 13 bytes that cannot be read",
        "two.tif": "found 2 pictures",
        "float.tif": "found float32",
    }.items():
        with pytest.raises(ValueError, match=rf"{name}: expected .*{found}"):
            read_grey(tmp_path / name)


def test_a_mask_is_one_where_it_is_not_black(tmp_path: Path) -> None:
    """Whether masks are written as 0 and 255 or as 0 and 1; another size than the picture's is refused."""
    path = saved(tmp_path / "mask.png", np.array([[0, 1, 255]], np.uint8))
    assert read_mask(path, np.zeros((1, 3), np.uint8)).tolist() == [[0, 1, 1]]
    with pytest.raises(ValueError, match=r"mask.png: expected a mask of 4 x 1 px like its picture, found 3 x 1 px"):
        read_mask(path, np.zeros((1, 4), np.uint8))


def test_resizing_averages_and_keeps_thin_defects() -> None:
    """Halving averages four pixels; a single pixel of a mask still shows after shrinking to a tenth."""
    assert resized(np.array([[0, 100], [100, 200]], np.uint8), (1, 1)).tolist() == [[100]]
    mask = np.zeros((100, 100), np.uint8)
    mask[34, 57] = 1
    assert np.argwhere(resized_mask(mask, (10, 10))).tolist() == [[3, 5]]
    assert resized(RAMP, (24, 8)).shape == (8, 24)
