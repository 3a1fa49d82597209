"""A folder of pictures in the layout of MVTec AD as a source: real products, each taken once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from stripsight.limits import Table
from stripsight_lab.line.seeds import stream
from stripsight_lab.source.layout import list_files
from stripsight_lab.source.picture_unit import PictureUnit, Seen

Px = Annotated[int, Field(ge=1, le=16384)]


@dataclass(frozen=True)
class Parts:
    """The pictures of a folder, divided."""

    training: tuple[PictureUnit, ...]
    tuning: tuple[PictureUnit, ...]
    test: tuple[PictureUnit, ...]


class FolderSource(Table):
    """The table `[source]` with `kind = "folder"`.

    Each kind below test/ is divided by the seed into tuning and test kit. Pictures have the size of the recipe's
    frame. Where they have not, or differ among each other, `resize_px` = [width, height] makes them so; without it
    nothing is resized.
    """

    kind: Literal["folder"]
    path: Path
    tuning_share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    seed: Annotated[int, Field(ge=0)] = 1
    resize_px: tuple[Px, Px] | None = None

    def training(self) -> Sequence[PictureUnit]:
        """The pictures of train/good. Raises ValueError as `parts`."""
        return self.parts.training

    def tuning_kit(self) -> Sequence[PictureUnit]:
        """A share of each kind in test/, shuffled. Raises ValueError as `parts`."""
        return self.parts.tuning

    def test_kit(self) -> Sequence[PictureUnit]:
        """The rest of test/, shuffled. Raises ValueError as `parts`."""
        return self.parts.test

    @cached_property
    def parts(self) -> Parts:
        """All pictures, each read once to see that it can be.

        Raises ValueError, which names the file or folder, for another layout, what cannot be read, sizes that
        differ, a kit without good or without defective pictures, and a picture that two parts hold.
        """
        training, test = ([Seen.of(files) for files in part] for part in list_files(self.path))
        if self.resize_px is None:
            _check_sizes([*training, *test])
        chosen = self._chosen(test)
        parts = {
            "training": training,
            "tuning": self._shuffled("tuning", [one for one in test if one.files.picture in chosen]),
            "test": self._shuffled("test", [one for one in test if one.files.picture not in chosen]),
        }
        _check_kits(self.path, parts)
        _check_shared(parts)
        units = {name: tuple(one.unit(self.path, self.resize_px) for one in part) for name, part in parts.items()}
        return Parts(**units)

    def _chosen(self, test: Sequence[Seen]) -> set[Path]:
        """Which pictures of test/ tune; a kind of two or more is in both kits."""
        chosen: set[Path] = set()
        for kind in {one.files.kind for one in test}:
            own = self._shuffled(f"kind {kind}", [one for one in test if one.files.kind == kind])
            count = round(len(own) * self.tuning_share)
            count = min(max(count, 1), len(own) - 1) if len(own) > 1 else count
            chosen.update(one.files.picture for one in own[:count])
        return chosen

    def _shuffled(self, name: str, pictures: Sequence[Seen]) -> list[Seen]:
        return [pictures[place] for place in stream(f"folder {name}", self.seed).permutation(len(pictures))]


def _check_sizes(pictures: Sequence[Seen]) -> None:
    first = pictures[0]
    for one in pictures:
        if one.shape != first.shape:
            expected = f"{_size(first)} px like {first.files.picture}, or resize_px"
            raise ValueError(f"{one.files.picture}: expected {expected}, found {_size(one)} px")


def _size(seen: Seen) -> str:
    return f"{seen.shape[1]} x {seen.shape[0]}"


def _check_kits(root: Path, parts: Mapping[str, Sequence[Seen]]) -> None:
    for name in ("tuning", "test"):
        defective = sum(one.files.kind != "" for one in parts[name])
        good = len(parts[name]) - defective
        if not (good and defective):
            found = f"{good} good and {defective} defective"
            raise ValueError(f"{root}: expected good and defective pictures in the {name} kit, found {found}")


def _check_shared(parts: Mapping[str, Sequence[Seen]]) -> None:
    """Refuse a picture that is in two parts. The same twice in one part does no harm."""
    owner: dict[str, tuple[str, Path]] = {}
    for name, part in parts.items():
        for one in part:
            where, path = owner.setdefault(one.digest, (name, one.files.picture))
            if where != name:
                raise ValueError(
                    f"{one.files.picture}: expected a picture that no other part shows, found it in the "
                    f"{where} part as {path}; remove one of them"
                )
