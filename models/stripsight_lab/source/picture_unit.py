"""A product of which there is one picture."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stripsight_lab.source.layout import Files
from stripsight_lab.source.picture import Grey, Size, digest, read_grey, read_mask, resized, resized_mask
from stripsight_lab.source.unit import Acquired


@dataclass(frozen=True)
class PictureUnit:
    """A product that was taken once: run 0, frame 0."""

    unit_id: str
    files: Files
    resize_px: Size | None = None

    @property
    def kind(self) -> str:
        """The name of its folder below test/."""
        return self.files.kind

    @property
    def severity(self) -> float:
        """Nobody graded a defect."""
        return float("nan") if self.kind else 0.0

    @property
    def place(self) -> str:
        """Not known."""
        return ""

    def acquire(self, run: int, indices: Sequence[int]) -> Acquired:
        """Read the picture and its mask: empty for a good one, None for a defect that has no file."""
        if run != 0 or list(indices) != [0]:
            raise ValueError(f"{self}: expected run 0 and frames [0] of one picture, found {run} and {list(indices)}")
        picture, mask = read_files(self.files)
        if self.resize_px is not None:
            picture = resized(picture, self.resize_px)
            mask = None if mask is None else resized_mask(mask, self.resize_px)
        return Acquired(picture[None], None if mask is None else mask[None])

    def __str__(self) -> str:
        """Name the file."""
        return str(self.files.picture)


@dataclass(frozen=True)
class Seen:
    """A picture that has been read: its shape (height, width) and the digest of its pixels."""

    files: Files
    shape: tuple[int, ...]
    digest: str

    @classmethod
    def of(cls, files: Files) -> "Seen":
        """Read it, and its mask. Raises ValueError that names the file where one cannot be."""
        picture, _ = read_files(files)
        return cls(files, picture.shape, digest(picture))

    def unit(self, root: Path, resize_px: Size | None) -> PictureUnit:
        """The unit, with an id that follows from the file's place below `root` and its pixels."""
        place = f"{self.files.picture.relative_to(root).as_posix()} {self.digest}"
        return PictureUnit(f"P{hashlib.sha256(place.encode()).hexdigest()[:12]}", self.files, resize_px)


def read_files(files: Files) -> tuple[Grey, Grey | None]:
    """The picture and its mask, both uint8 [H, W]."""
    picture = read_grey(files.picture)
    if files.mask is not None:
        return picture, read_mask(files.mask, picture)
    return picture, None if files.kind else np.zeros_like(picture)
