"""Pictures in a directory, each named by the digest of the frame's bytes as sent: ab/ab12....png."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from stripsight.frame import FrameData
from stripsight.pictures import form

NAME = "pictures"
"""The directory's name beside the record."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_DRAFTS = ".{}.draft"


class Picture(NamedTuple):
    """A picture that is there: when it was kept, in seconds since 1970, and its size in bytes."""

    kept_at: float
    digest: str
    size: int


class PictureFolder:
    """Reads and writes pictures. A reader needs no service to run; one thread at a time may write."""

    def __init__(self, folder: Path) -> None:
        """Look at nothing yet; a directory that is missing holds no pictures."""
        self.path = folder

    def has(self, digest: str) -> bool:
        """Tell whether the frame with this digest, sha256 (hex) of its bytes as sent, is kept."""
        return bool(_DIGEST.fullmatch(digest)) and self._file(digest).is_file()

    def read(self, digest: str) -> bytes | None:
        """Return the grey PNG file of a frame, of 8 or 16 bits; None when it is not kept, or its file is damaged."""
        data = self._bytes(digest)
        return data if data is not None and form.decoded(0, digest, data) else None

    def frame(self, index: int, digest: str) -> FrameData | None:
        """Return a frame as it was sent; None when it is not kept, or its file is damaged."""
        data = self._bytes(digest)
        return None if data is None else form.decoded(index, digest, data)

    def write(self, digest: str, pieces: Iterable[bytes]) -> int:
        """Write a picture, whole or not at all, and return its size in bytes. Raises OSError, and what `pieces` do."""
        target, draft = self._file(digest), self.path / _DRAFTS.format(digest)
        target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "wb") as file:
                size = sum(file.write(piece) for piece in pieces)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        return size

    def remove(self, digest: str) -> None:
        """Remove a picture, which may be gone already. Raises OSError."""
        self._file(digest).unlink(missing_ok=True)

    def touch(self, digest: str, kept_at: float) -> bool:
        """Say that a picture is kept from then on; False when somebody has removed it. Raises OSError."""
        try:
            os.utime(self._file(digest), (kept_at, kept_at))
        except FileNotFoundError:
            return False
        return True

    def pictures(self) -> list[Picture]:
        """Return the pictures that are there, the oldest first. Raises OSError."""
        return sorted(self._pictures())

    def clear_drafts(self) -> None:
        """Remove what a service that was killed had begun to write. Raises OSError."""
        for draft in self.path.glob(_DRAFTS.format("*")):
            draft.unlink(missing_ok=True)

    def _bytes(self, digest: str) -> bytes | None:
        try:
            return self._file(digest).read_bytes() if self.has(digest) else None
        except OSError:  # retention may have come in between
            return None

    def _pictures(self) -> Iterator[Picture]:
        for path in self.path.glob("??/*.png"):
            if _DIGEST.fullmatch(path.stem) and path.parent.name == path.stem[:2]:
                found = path.stat()
                yield Picture(found.st_mtime, path.stem, found.st_size)

    def _file(self, digest: str) -> Path:
        return self.path / digest[:2] / f"{digest}.png"
