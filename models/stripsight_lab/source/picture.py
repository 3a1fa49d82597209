"""Picture files to grey pixels. Nothing is guessed: what is not one whole picture is refused by name."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
MASK_SUFFIXES = (".bmp", ".png", ".tif", ".tiff")
"""Without JPEG: its losses put a fringe around a mask."""

Grey = NDArray[np.uint8]
Size = tuple[int, int]
"""Width and height, px."""


def read_grey(path: Path) -> Grey:
    """The picture uint8 [H, W] as it is stored; a tag that turns it is not followed.

    Colour becomes grey by 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), 16 bits keep the higher 8, and transparency is
    dropped. Raises ValueError, which names the file, for what is not one complete picture of 8 or 16 bits.
    """
    pages = cv2.imcount(str(path))
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if pages == 1 else None
    if pixels is None:
        raise ValueError(f"{path}: expected one complete picture, found {_what(path, pages)}")
    if pixels.dtype == np.uint16:
        pixels = (pixels.astype(np.uint16, copy=False) >> 8).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise ValueError(f"{path}: expected 8 or 16 bits a sample, found {pixels.dtype}")
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY if pixels.shape[2] == 3 else cv2.COLOR_BGRA2GRAY)
    return np.asarray(pixels, np.uint8)


def _what(path: Path, pages: int) -> str:
    return f"{pages} pictures" if pages > 1 else f"{path.stat().st_size} bytes that cannot be read as one"


def read_mask(path: Path, picture: Grey) -> Grey:
    """The truth mask of `picture`, uint8 [H, W]: 1 where the file is not black, else 0.

    Raises ValueError, which names the file, where it is not a picture of the same size.
    """
    mask = read_grey(path)
    if mask.shape != picture.shape:
        raise ValueError(f"{path}: expected a mask of {size_text(picture)} like its picture, found {size_text(mask)}")
    return np.asarray(mask > 0, np.uint8)


def resized(picture: Grey, size: Size) -> Grey:
    """Resize as the crop step does: averaged where it shrinks in both directions, else interpolated linearly."""
    height, width = picture.shape
    interpolation = cv2.INTER_AREA if size[0] <= width and size[1] <= height else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=interpolation), np.uint8)


def resized_mask(mask: Grey, size: Size) -> Grey:
    """Resize a mask; a pixel that shows any of the defect is of the defect, so that a thin one does not vanish."""
    return np.asarray(resized(mask * np.uint8(255), size) > 0, np.uint8)


def size_text(picture: Grey) -> str:
    """Width and height for people."""
    return f"{picture.shape[1]} x {picture.shape[0]} px"


def digest(picture: Grey) -> str:
    """The sha256 (hex) of size and pixels: the same for the same picture in another file format."""
    return hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()
