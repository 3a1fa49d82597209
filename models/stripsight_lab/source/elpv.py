"""Real pictures: the solar cells of the package `elpv-dataset`, written as a folder that `FolderSource` reads.

    pip install elpv-dataset==1.0.0.post1
    python -m stripsight_lab.source.elpv models/work/elpv-mono --cells mono

2,624 electroluminescence images of 300 x 300 px, with the share of experts' opinion that the cell is defective
(Buerhop-Lutz et al. 2018; Deitsch et al. 2019, 2021). CC BY-NC-SA 4.0: pictures stay out of the repository, and what
is learned from them is not for sale.
"""

import argparse
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

CellType = Literal["mono", "poly"]
PACKAGE = "elpv-dataset==1.0.0.post1"
TRAIN_SHARE = 0.6
DEFECT = "defective"


@dataclass(frozen=True, eq=False)
class Cells:
    """C cells: pictures uint8 [C, H, W], probability [C] of being defective (0, 1/3, 2/3, 1), type [C]."""

    pictures: NDArray[np.uint8]
    probabilities: NDArray[np.float64]
    types: Sequence[str]

    @classmethod
    def installed(cls) -> Self:
        """Those of the package; about 240 MB. Raises ModuleNotFoundError that says what to install."""
        try:
            package = importlib.import_module("elpv_dataset.utils")
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(f"the pictures are not here: pip install {PACKAGE} ({error})") from error
        return cls(*package.load_dataset())

    def of(self, wanted: CellType, probability: float) -> NDArray[np.intp]:
        """Places of the cells of one type and label. The labels between 0 and 1 are opinions that differ."""
        is_type = np.array([each == wanted for each in self.types], dtype=np.bool_)
        return np.flatnonzero(is_type & (self.probabilities == probability))


def write_folder(cells: Cells, wanted: CellType, out: Path, seed: int = 1) -> dict[str, int]:
    """Write the certain cells of one type to `out` and return the number of pictures in each of its folders.

    Label 0 goes to train/good and test/good, by the seed, 1 to test/defective; the rest is left out. Raises
    FileExistsError where `out` holds anything, ValueError where there are not both kinds of cells.
    """
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out}: expected a new or empty folder, found {len(list(out.iterdir()))} things in it")
    good, defective = cells.of(wanted, 0.0), cells.of(wanted, 1.0)
    if len(good) < 2 or not len(defective):
        raise ValueError(f"expected good and defective {wanted} cells, found {len(good)} and {len(defective)}")
    order = np.random.default_rng(seed).permutation(good)
    training = max(1, int(len(good) * TRAIN_SHARE))
    folders = {"train/good": order[:training], "test/good": order[training:], f"test/{DEFECT}": defective}
    for name, places in folders.items():
        _write(cells, places, out / name)
    return {name: len(places) for name, places in folders.items()}


def _write(cells: Cells, places: NDArray[np.intp], folder: Path) -> None:
    folder.mkdir(parents=True)
    for place in places:
        # Numbered as the package's own files are.
        path = folder / f"cell{place + 1:04d}.png"
        if not cv2.imwrite(str(path), cells.pictures[place]):
            raise OSError(f"{path}: the picture cannot be written")


def main() -> None:
    """Write the folder and print what is in it."""
    parser = argparse.ArgumentParser(prog="python -m stripsight_lab.source.elpv", description=__doc__)
    parser.add_argument("out", type=Path, help="a new folder")
    parser.add_argument("--cells", choices=get_args(CellType), default="mono")
    parser.add_argument("--seed", type=int, default=1, help="which good cells are for training")
    asked = parser.parse_args()
    for name, count in write_folder(Cells.installed(), asked.cells, asked.out, asked.seed).items():
        print(f"{asked.out / name}: {count} pictures")


if __name__ == "__main__":
    main()
