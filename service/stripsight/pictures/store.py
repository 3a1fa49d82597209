"""Pictures within limits: the oldest go when they are too old, or all together too large."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stripsight.pictures.folder import Picture, PictureFolder

_DAY_S = 86_400.0


@dataclass(frozen=True)
class Limits:
    """How long a picture is kept, and how many bytes all of them may take."""

    days: float
    bytes: int


class PictureStore:
    """The pictures of a service that runs. One thread at a time may change it; any may read `bytes`."""

    def __init__(self, folder: PictureFolder, limits: Limits, now: Callable[[], float] = time.time) -> None:
        """Look at what is there. `now` tells the seconds since 1970. Raises OSError."""
        self._folder, self._limits, self._now = folder, limits, now
        folder.clear_drafts()
        # By digest, the oldest first.
        self._kept = OrderedDict((picture.digest, picture) for picture in folder.pictures())
        self.bytes = sum(picture.size for picture in self._kept.values())
        """What the pictures take."""

    def keep(self, digest: str, pieces: Iterable[bytes]) -> bool:
        """Keep a picture from now on; False when it was there already. Raises OSError, and what `pieces` do."""
        now, known = self._now(), self._kept.pop(digest, None)
        size = known.size if known else 0
        there = known is not None and self._folder.touch(digest, now)
        if not there:
            self.bytes -= size
            size = self._folder.write(digest, pieces)
            self._folder.touch(digest, now)
            self.bytes += size
        self._kept[digest] = Picture(now, digest, size)
        self.trim()
        return not there

    def trim(self) -> None:
        """Remove what is over the limits, the oldest first. Raises OSError."""
        oldest_s = self._now() - self._limits.days * _DAY_S
        while self._kept and (self.bytes > self._limits.bytes or self._oldest.kept_at < oldest_s):
            digest, picture = self._kept.popitem(last=False)
            self.bytes -= picture.size
            self._folder.remove(digest)

    @property
    def _oldest(self) -> Picture:
        return next(iter(self._kept.values()))
