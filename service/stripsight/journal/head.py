"""The file `head`: the last place of the chain, beside the database, so that a cut of its tail shows.

Written after each commit and not synced: it may lie behind the database after a loss of power, never ahead of it.
"""

import os
from pathlib import Path

from stripsight.journal.chain import HASH_BYTES, Link

NAME = "head"
# As long whatever is in it: a place written over another is the old or the new one.
_TEXT = "{:020d} {}\n"
_LENGTH = 20 + 1 + 2 * HASH_BYTES + 1


class Head:
    """The file, open for writing."""

    def __init__(self, folder: Path, link: Link) -> None:
        """Write `link`, and have it on disk. Raises OSError, as the rest does."""
        self._file = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT, 0o640)
        self.write(link)
        self.sync()

    def write(self, link: Link) -> None:
        """Replace the place."""
        os.pwrite(self._file, _TEXT.format(link.seq, link.hash.hex()).encode(), 0)

    def sync(self) -> None:
        """Have it on disk."""
        os.fsync(self._file)

    def close(self) -> None:
        """Close it. What was not synced before is not tried now: the journal's last checkpoint has done it."""
        os.close(self._file)


def read_head(folder: Path) -> Link | None:
    """Return the place, or None when there is no such file or it holds no place.

    Raises OSError for a file that cannot be read: to go on as if there were none would hide a cut.
    """
    try:
        text = (folder / NAME).read_text("ascii")
        seq, digest = text.split()
        link = Link(int(seq), bytes.fromhex(digest))
    except (FileNotFoundError, ValueError):
        return None
    return link if len(text) == _LENGTH and len(link.hash) == HASH_BYTES else None
