"""Makes a program kill itself (SIGKILL) at a point of a commit or of a picture: `arm("<point>:<times it is passed>")`.

Points: "insert" has written the row but not committed it, "commit" is
about to commit, "head" has committed but not told the head, "reply" is done and has only the answer left to send,
"picture" has written a piece of a picture.
"""

import os
import signal
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, event

from stripsight.frame import FrameData
from stripsight.journal.chain import Link
from stripsight.journal.head import Head
from stripsight.journal.store import Store
from stripsight.pictures import form

chosen: dict[str, Iterator[int]] = {}


def arm(at: str) -> None:
    """Choose the point."""
    point, _, number = at.partition(":")
    chosen[point] = count(-int(number))
    Store.head_type = KilledHead
    form.encoded = killed(form.encoded)


def passes(point: str) -> None:
    """Count at the chosen point."""
    if point in chosen and next(chosen[point]) == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def killed(encoded: Callable[[FrameData], Iterator[bytes]]) -> Callable[[FrameData], Iterator[bytes]]:
    """Add a point after each piece of a picture that has been written."""

    def pieces(frame: FrameData) -> Iterator[bytes]:
        for piece in encoded(frame):
            yield piece
            passes("picture")

    return pieces


class KilledHead(Head):
    """A head with two points around it."""

    def write(self, link: Link) -> None:
        """Write it, unless killed before."""
        passes("head")
        super().write(link)
        passes("reply")


@event.listens_for(Engine, "after_cursor_execute")
def inserted(connection: Connection, cursor: object, statement: str, *_: Any) -> None:
    """After each row."""
    if statement.startswith("INSERT INTO stripsight_record"):
        passes("insert")


@event.listens_for(Engine, "commit")
def committing(connection: Connection) -> None:
    """Before each commit."""
    passes("commit")
