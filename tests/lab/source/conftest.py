"""Small folders of pictures in MVTec AD's layout."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

Write = Callable[..., None]


@pytest.fixture
def write() -> Write:
    """Write pictures of noise, no two alike: `write(folder, 3, (12, 8))` is 000.png to 002.png of 12 x 8 px."""
    rng = np.random.default_rng(1)

    def build(folder: Path, count: int, size: tuple[int, int] = (12, 8)) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            picture = rng.integers(0, 256, size[::-1], dtype=np.uint8)
            assert cv2.imwrite(str(folder / f"{number:03d}.png"), picture)

    return build


@pytest.fixture
def pictures(tmp_path: Path, write: Write) -> Path:
    """8 good pictures for training; 6 good, 5 scratched and 4 stained ones for test; a mask for the second scratch."""
    root = tmp_path / "pictures"
    for folder, count in (("train/good", 8), ("test/good", 6), ("test/scratch", 5), ("test/stain", 4)):
        write(root / folder, count)
    mask = np.zeros((8, 12), np.uint8)
    mask[2, 3:7] = 255
    (root / "ground_truth/scratch").mkdir(parents=True)
    assert cv2.imwrite(str(root / "ground_truth/scratch/001_mask.png"), mask)
    return root
