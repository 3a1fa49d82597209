"""The files of a folder in MVTec AD's layout: all are taken, or it is said which cannot be."""

import shutil
from pathlib import Path

import pytest

from stripsight_lab.source.layout import list_files


def test_every_picture_is_listed_with_its_kind_and_mask(pictures: Path) -> None:
    """Good ones have no kind; the one mask belongs to the picture of its name."""
    training, test = list_files(pictures)
    assert len(training) == 8
    assert [one.kind for one in test] == [""] * 6 + ["scratch"] * 5 + ["stain"] * 4
    masks = {one.picture.relative_to(pictures).as_posix(): one.mask for one in test if one.mask}
    assert masks == {"test/scratch/001.png": pictures / "ground_truth/scratch/001_mask.png"}


def test_a_mask_may_have_the_name_of_its_picture(pictures: Path) -> None:
    """Other sets in this layout leave `_mask` out."""
    (pictures / "ground_truth/scratch/001_mask.png").rename(pictures / "ground_truth/scratch/001.png")
    assert sum(one.mask is not None for one in list_files(pictures)[1]) == 1


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("train", r"train: expected a folder, found none"),
        ("train/good", r"train/good: expected pictures, found none"),
        ("test/good", r"test/good: expected pictures, found none"),
        ("test/stain/000.png", None),
    ],
)
def test_a_missing_folder_is_named(pictures: Path, gone: str, message: str | None) -> None:
    """Only a picture less is no error."""
    path = pictures / gone
    path.unlink() if path.is_file() else shutil.rmtree(path)
    if message is None:
        assert len(list_files(pictures)[1]) == 14
        return
    with pytest.raises(ValueError, match=message):
        list_files(pictures)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("train/good/notes.txt", "notes.txt: expected pictures only"),
        ("train/bad/000.png", "train: expected the folder good alone, found bad, good"),
        ("test/scratch/more/000.png", "more: expected pictures only"),
        ("test/scratch/001.bmp", "scratch: expected different names, found 001 with two endings"),
        ("test/notes.txt", "notes.txt: expected a folder, found a file"),
        (
            "ground_truth/scratch/009_mask.png",
            "expected a mask of a defective picture in test/, found none",
        ),
        (
            "ground_truth/good/000_mask.png",
            "good/000_mask.png: expected .*, found a good one",
        ),
        (
            "ground_truth/dent/000_mask.png",
            "dent/000_mask.png: expected .*, found none of its name",
        ),
        ("ground_truth/scratch/000_mask.jpg", "000_mask.jpg: expected pictures only"),
    ],
)
def test_nothing_is_passed_over(pictures: Path, extra: str, message: str) -> None:
    """A file that has no place in the layout is an error that names it."""
    path = pictures / extra
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"anything")
    with pytest.raises(ValueError, match=message):
        list_files(pictures)


def test_defects_are_needed_and_masks_are_not(pictures: Path) -> None:
    """A test of good pictures alone tests nothing; folders of masks may be empty or missing."""
    (pictures / "ground_truth/scratch/001_mask.png").unlink()
    assert not any(one.mask for one in list_files(pictures)[1])
    shutil.rmtree(pictures / "ground_truth")
    assert len(list_files(pictures)[1]) == 15
    shutil.rmtree(pictures / "test/scratch")
    shutil.rmtree(pictures / "test/stain")
    with pytest.raises(ValueError, match="test: expected the folder good and one for each kind of defect, found good"):
        list_files(pictures)
    (pictures / "test/scratch").mkdir()
    with pytest.raises(ValueError, match="test/scratch: expected pictures, found none"):
        list_files(pictures)
