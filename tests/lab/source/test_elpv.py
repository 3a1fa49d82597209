"""Solar cells to a folder, from a few drawn cells: the package itself is 90 MB."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from stripsight.recipe import load_recipe
from stripsight_lab.dataset.cut import cut
from stripsight_lab.source import FolderSource
from stripsight_lab.source.elpv import Cells, write_folder
from stripsight_lab.source.layout import Files
from stripsight_lab.source.picture_unit import PictureUnit


@pytest.fixture
def cells() -> Cells:
    """20 cells of each type, with the labels 0, 1/3, 2/3, 1 in turn, as the package gives them."""
    pictures = np.random.default_rng(1).integers(0, 256, (40, 6, 6), dtype=np.uint8)
    types = np.array(["mono", "poly"])[np.arange(40) % 2]
    return Cells(pictures, np.array([0.0, 1 / 3, 2 / 3, 1.0])[np.arange(40) // 2 % 4], types)


def test_certain_cells_of_one_type_are_written(cells: Cells, tmp_path: Path) -> None:
    """Of 5 good cells 3 train and 2 test, all 5 defective ones test, and labels between are left out."""
    counts = write_folder(cells, "mono", tmp_path / "mono")
    assert counts == {"train/good": 3, "test/good": 2, "test/defective": 5}
    written = {int(path.stem[4:]) - 1: path for path in (tmp_path / "mono").rglob("cell*.png")}
    assert len(written) == 10
    for place, path in written.items():
        assert cells.types[place] == "mono"
        assert cells.probabilities[place] == (1.0 if path.parent.name == "defective" else 0.0)
        np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cells.pictures[place])


def test_the_folder_is_a_source(cells: Cells, tmp_path: Path) -> None:
    """Training, tuning and test part are there, and the seed decides which good cells train."""
    for seed in (1, 2):
        write_folder(cells, "poly", tmp_path / f"{seed}", seed)
    parts = [FolderSource(kind="folder", path=tmp_path / f"{seed}") for seed in (1, 2)]
    assert [len(part.training()) for part in parts] == [3, 3]
    assert len(parts[0].tuning_kit()) + len(parts[0].test_kit()) == 7
    trained = [{Path(str(unit)).name for unit in part.training()} for part in parts]
    assert trained[0] != trained[1]


def test_a_folder_that_holds_something_is_refused(cells: Cells, tmp_path: Path) -> None:
    """Cells of two seeds in one folder would be in two parts."""
    write_folder(cells, "mono", tmp_path / "mono")
    with pytest.raises(FileExistsError, match="expected a new or empty folder, found 2 things"):
        write_folder(cells, "mono", tmp_path / "mono", seed=2)


def test_both_labels_are_needed(cells: Cells, tmp_path: Path) -> None:
    """A set without defective cells says so."""
    good = Cells(cells.pictures, cells.probabilities * 0, cells.types)
    with pytest.raises(ValueError, match="expected good and defective mono cells, found 20 and 0"):
        write_folder(good, "mono", tmp_path / "mono")


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is optional."""
    monkeypatch.setitem(sys.modules, "elpv_dataset", None)
    monkeypatch.delitem(sys.modules, "elpv_dataset.utils", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"pip install elpv-dataset==1\.0\.0\.post1"):
        Cells.installed()


def test_the_command_explains_itself() -> None:
    """`--help` names the package and the licence."""
    command = [sys.executable, "-m", "stripsight_lab.source.elpv", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "elpv-dataset==1.0.0.post1" in text
    assert "CC BY-NC-SA 4.0" in text


def test_the_recipe_cuts_a_cell_into_quarters(tmp_path: Path) -> None:
    """At full resolution, and every pixel of the cell is in one of them."""
    picture = np.random.default_rng(1).integers(0, 256, (300, 300), dtype=np.uint8)
    assert cv2.imwrite(str(tmp_path / "cell0001.png"), picture)
    recipe = load_recipe((Path(__file__).parents[3] / "models/recipes/elpv-mono.toml").read_bytes())
    patches = cut(PictureUnit("P1", Files(tmp_path / "cell0001.png", "")), 0, recipe).patches
    again = np.zeros_like(picture)
    for place in recipe.patches:
        again[place.box.slices] = patches[place.index]
    np.testing.assert_array_equal(again, picture)
