"""The files of a folder in the layout of MVTec AD (Bergmann et al. 2019). All are taken, or it is said which cannot be.

train/good/*                                 good pictures
test/good/*, test/<kind>/*                   good ones, and those with a defect of some kind
ground_truth/<kind>/<name>_mask.png          white where the defect shows; may be missing, <name>.png will do
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from stripsight_lab.source.picture import MASK_SUFFIXES, SUFFIXES

GOOD = "good"


@dataclass(frozen=True)
class Files:
    """A picture and, where there is one, its mask; `kind` is "" for a good one."""

    picture: Path
    kind: str
    mask: Path | None = None


def list_files(root: Path) -> tuple[list[Files], list[Files]]:
    """The pictures for training and for test, in the order of their names.

    Raises ValueError, which names the place, for a folder that is missing or empty, a file that is no picture, and a
    mask without a picture.
    """
    training = folders_of(root / "train")
    if list(training) != [GOOD]:
        raise ValueError(f"{root / 'train'}: expected the folder good alone, found {', '.join(training)}")
    test = folders_of(root / "test")
    if len(test) < 2:
        raise ValueError(f"{root / 'test'}: expected the folder good and one for each kind of defect, found good alone")
    masks = _masks(root / "ground_truth", test)
    found = [Files(path, "" if kind == GOOD else kind, masks.get(path)) for kind in test for path in test[kind]]
    return [Files(path, "") for path in training[GOOD]], found


def folders_of(root: Path) -> dict[str, list[Path]]:
    """The pictures below `root` by the name of their folder. Raises ValueError as `list_files`."""
    found = {path.name: _pictures(path, SUFFIXES) for path in _inside(root)}
    for name in [GOOD, *found]:
        if not found.get(name):
            raise ValueError(f"{root / name}: expected pictures, found none")
    return found


def _inside(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ValueError(f"{folder}: expected a folder, found {'a file' if folder.exists() else 'none'}")
    return sorted(folder.iterdir())


def _pictures(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    found = _inside(folder)
    for path in found:
        if path.suffix.lower() not in suffixes or not path.is_file():
            raise ValueError(f"{path}: expected pictures only ({', '.join(suffixes)}), found another thing")
    repeated = [name for name, count in Counter(path.stem for path in found).items() if count > 1]
    if repeated:
        raise ValueError(f"{folder}: expected different names, found {repeated[0]} with two endings")
    return found


def _masks(root: Path, test: dict[str, list[Path]]) -> dict[Path, Path]:
    """The mask of each picture that has one."""
    masks: dict[Path, Path] = {}
    for folder in _inside(root) if root.exists() else []:
        pictures = {path.stem: path for path in test.get(folder.name, [])}
        for path in _pictures(folder, MASK_SUFFIXES):
            picture = pictures.get(path.stem.removesuffix("_mask"))
            if picture is None or folder.name == GOOD:
                found = "a good one" if picture else "none of its name"
                raise ValueError(f"{path}: expected a mask of a defective picture in test/, found {found}")
            masks[picture] = path
    return masks
