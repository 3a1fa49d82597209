"""Products whose every patch tells where it comes from, and small recipes for them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from stripsight.recipe import Recipe, load_recipe
from stripsight_lab.source import Acquired

RECIPE = """
schema_version = 1
product = { name = "telling-2x3" }
frame = { width_px = 40, height_px = 64, indices = [0, 7, 15], pixel_formats = ["MONO8"] }
patch = { size_px = 16 }
vials = [{ name = "V1", left_px = 4, top_px = 8 }, { name = "V2", left_px = 24, top_px = 8 }]
slot = { duration_ms = 500 }

[[regions]]
name = "R0"
box = { left_px = 0, top_px = 0, right_px = 16, bottom_px = 16 }

[[regions]]
name = "R1"
box = { left_px = 0, top_px = 16, right_px = 16, bottom_px = 32 }

[[regions]]
name = "R2"
box = { left_px = 0, top_px = 32, right_px = 16, bottom_px = 48 }
"""


def grey_of(run: int, frame: int, vial: int, region: int) -> int:
    """No two patches of a product's first 2 runs have the same."""
    return ((run * 16 + frame) * 2 + vial) * 3 + region


@dataclass(frozen=True)
class Telling:
    """A product whose patches have the grey level of their place, but for the first pixel, which tells the product."""

    number: int
    kind: str = ""
    severity: float = 0.0
    place: str = ""

    @property
    def unit_id(self) -> str:
        return f"N{self.number}"

    def acquire(self, run: int, indices: Sequence[int]) -> Acquired:
        frames = np.full((len(indices), 64, 40), 255, np.uint8)
        for at, frame in enumerate(indices):
            for vial, region in np.ndindex(2, 3):
                top, left = 8 + 16 * region, (4, 24)[vial]
                frames[at, top : top + 16, left : left + 16] = grey_of(run, frame, vial, region)
                frames[at, top, left] = self.number
        return Acquired(frames, None)


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """Three frames of 2 vials with 3 regions, all of 16 px."""
    return load_recipe(RECIPE)


@pytest.fixture(scope="session")
def grey() -> Callable[[int, int, int, int], int]:
    """The grey level of a patch: `grey(run, frame, vial, region)`."""
    return grey_of


@pytest.fixture(scope="session")
def telling() -> list[Telling]:
    """Five products."""
    return [Telling(number) for number in range(5)]


@pytest.fixture(scope="session")
def strips() -> Recipe:
    """The recipe that ships."""
    return load_recipe((Path(__file__).parents[3] / "models/recipes/bfs-5x4.toml").read_bytes())


@pytest.fixture
def one_region(tmp_path: Path) -> Path:
    """The recipe of a frame of 48 px that is one region."""
    text = RECIPE.replace("40, height_px = 64, indices = [0, 7, 15]", "48, height_px = 48, indices = [0]")
    text = text[: text.index("[[regions]]")].replace("size_px = 16", "size_px = 48")
    text = re.sub(r"vials = .*", 'vials = [{ name = "V1", left_px = 0, top_px = 0 }]', text)
    box = "{ left_px = 0, top_px = 0, right_px = 48, bottom_px = 48 }"
    path = tmp_path / "one_region.toml"
    path.write_text(f'{text}\n[[regions]]\nname = "R0"\nbox = {box}\n')
    return path


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """A folder of pictures of noise, 48 px: 4 for training, 2 good and 2 defective ones for test."""
    rng = np.random.default_rng(1)
    for folder, count in (("train/good", 4), ("test/good", 2), ("test/crack", 2)):
        (tmp_path / "cells" / folder).mkdir(parents=True)
        for number in range(count):
            picture = rng.integers(0, 256, (48, 48), dtype=np.uint8)
            assert cv2.imwrite(str(tmp_path / "cells" / folder / f"{number}.png"), picture)
    return tmp_path / "cells"
