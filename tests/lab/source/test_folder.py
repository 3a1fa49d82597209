"""A folder of pictures as a source of products."""

import math
import pickle
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from stripsight_lab.source import FolderSource, Unit


def files(units: Sequence[Unit]) -> set[str]:
    """The files that units are read from."""
    return {str(unit) for unit in units}


def source(root: Path, **settings: object) -> FolderSource:
    """The source with some settings of its table."""
    return FolderSource.model_validate({"kind": "folder", "path": root, **settings})


def test_each_picture_is_in_one_part(pictures: Path) -> None:
    """All are used once, each kind is divided in the middle, and ids say nothing of the kind."""
    found = source(pictures)
    parts = [found.training(), found.tuning_kit(), found.test_kit()]
    names = [name for part in parts for name in files(part)]
    assert len(names) == len(set(names)) == 8 + 6 + 5 + 4
    assert all(unit.kind == "" for unit in parts[0])
    assert Counter(unit.kind for unit in parts[1]) == {"": 3, "scratch": 2, "stain": 2}
    assert Counter(unit.kind for unit in parts[2]) == {"": 3, "scratch": 3, "stain": 2}
    ids = [unit.unit_id for part in parts for unit in part]
    assert len(set(ids)) == 23
    assert not any("scratch" in name or "good" in name for name in ids)


def test_the_seed_and_the_share_divide(pictures: Path) -> None:
    """The same seed divides alike, another one otherwise; a share that is small or large leaves both kits some."""
    first = source(pictures, seed=3)
    assert [u.unit_id for u in first.test_kit()] == [u.unit_id for u in source(pictures, seed=3).test_kit()]
    assert files(first.tuning_kit()) != files(source(pictures, seed=4).tuning_kit())
    for share, sizes in ((0.01, (3, 12)), (0.99, (12, 3)), (0.8, (12, 3))):
        uneven = source(pictures, tuning_share=share)
        assert (len(uneven.tuning_kit()), len(uneven.test_kit())) == sizes


def test_a_unit_is_what_the_file_holds(pictures: Path) -> None:
    """One frame; the mask is the file's, empty for a good picture, and not known for a defect without one."""
    found = source(pictures)
    units = {Path(str(u)).relative_to(pictures).as_posix(): u for u in (*found.tuning_kit(), *found.test_kit())}
    scratched, stained, good = units["test/scratch/001.png"], units["test/stain/000.png"], units["test/good/000.png"]
    frames = scratched.acquire(0, [0]).frames
    assert frames.shape == (1, 8, 12)
    np.testing.assert_array_equal(frames[0], cv2.imread(str(pictures / "test/scratch/001.png"), 0))
    masks = [unit.acquire(0, (0,)).masks for unit in (scratched, stained, good)]
    assert masks[0] is not None and np.argwhere(masks[0]).tolist() == [[0, 2, x] for x in range(3, 7)]
    assert masks[1] is None
    assert masks[2] is not None and not masks[2].any()
    assert math.isnan(scratched.severity) and good.severity == 0 and scratched.place == ""


def test_there_is_one_run_and_one_frame(pictures: Path) -> None:
    """Another run would be the same picture again, and count as a second look at the product."""
    unit = source(pictures).training()[0]
    for run, indices in ((1, [0]), (0, [0, 7]), (0, [7])):
        with pytest.raises(ValueError, match=r"good/00\d.png: expected run 0 and frames \[0\]"):
            unit.acquire(run, indices)


def test_sizes_that_differ_need_a_word(pictures: Path) -> None:
    """The file is named with both sizes; with `resize_px` pictures and masks have that size."""
    large = np.zeros((16, 24), np.uint8)
    large[:8] = 200
    assert cv2.imwrite(str(pictures / "test/good/004.png"), large)
    with pytest.raises(ValueError, match=r"004.png: expected 12 x 8 px like .*, or resize_px, found 24 x 16 px"):
        source(pictures).training()
    kit = source(pictures, resize_px=(6, 4))
    for unit in (*kit.training(), *kit.tuning_kit(), *kit.test_kit()):
        taken = unit.acquire(0, [0])
        assert taken.frames.shape == (1, 4, 6)
        assert taken.masks is None or taken.masks.shape == (1, 4, 6)
        if str(unit).endswith("test/good/004.png"):
            assert taken.frames[0, :, 0].tolist() == [200, 200, 0, 0]
        if str(unit).endswith("test/scratch/001.png"):
            assert taken.masks is not None and taken.masks.sum() == 3  # 4 px of row 2 from column 3 on


@pytest.mark.parametrize("copied", ["train/good/001.png", "test/scratch/001.png"])
def test_a_picture_in_two_parts_is_refused(pictures: Path, copied: str) -> None:
    """By what it shows: under another name and in another format too."""
    pixels = cv2.imread(str(pictures / copied), 0)
    assert pixels is not None
    for number in range(10, 13):  # so many that tuning and test kit both get some
        assert cv2.imwrite(str(pictures / f"test/stain/{number}.bmp"), pixels)
    with pytest.raises(ValueError, match=r"expected a picture that no other part shows, found it in the"):
        source(pictures).training()


def test_the_same_picture_twice_in_one_part_does_no_harm(pictures: Path) -> None:
    """Each is a unit with an id of its own."""
    shutil.copy(pictures / "train/good/001.png", pictures / "train/good/copy.png")
    units = source(pictures).training()
    assert len({unit.unit_id for unit in units}) == 9


def test_ids_follow_the_pixels(pictures: Path) -> None:
    """A file that is replaced is another unit, so that its old patches are not taken for the new ones."""
    before = {str(unit): unit.unit_id for unit in source(pictures).training()}
    shutil.copy(pictures / "train/good/001.png", pictures / "train/good/000.png")
    after = {str(unit): unit.unit_id for unit in source(pictures).training()}
    assert [name for name in before if before[name] != after[name]] == [str(pictures / "train/good/000.png")]


def test_a_kit_needs_good_and_defective_pictures(pictures: Path) -> None:
    """One good picture cannot be in both kits."""
    for number in range(1, 6):
        (pictures / f"test/good/00{number}.png").unlink()
    with pytest.raises(ValueError, match="in the tuning kit, found 0 good and 4 defective"):
        source(pictures).training()


def test_an_unreadable_picture_is_named(pictures: Path) -> None:
    """Before anything is acquired."""
    (pictures / "test/stain/002.png").write_bytes(b"\x89PNG")
    with pytest.raises(ValueError, match=r"stain/002.png: expected one complete picture"):
        source(pictures).training()


def test_it_pickles_and_refuses_unknown_settings(pictures: Path) -> None:
    """Workers get units by pickle; a misspelt key is an error."""
    found = source(pictures)
    units = pickle.loads(pickle.dumps(found.test_kit()))
    assert units == found.test_kit()
    assert pickle.loads(pickle.dumps(found)) == found
    with pytest.raises(ValidationError, match="tuning_shares"):
        source(pictures, tuning_shares=0.5)
