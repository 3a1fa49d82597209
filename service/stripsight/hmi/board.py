"""Where the latest snapshot is: written by the feed's threads, read by every open page."""

import asyncio
from collections.abc import Callable

from stripsight.hmi.snapshot import Snapshot

Change = Callable[[Snapshot], Snapshot]


class Board:
    """The latest snapshot and word of its change. A page that is slow finds the latest; nothing waits in a line."""

    def __init__(self, first: Snapshot) -> None:
        """Hold `first`. Changes can come after `begin`."""
        self._changed = asyncio.Event()
        self.snapshot = first

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have changes made in `loop`, in which the pages read."""
        self._loop = loop

    def change(self, change: Change) -> None:
        """Go on to `change(snapshot)`. From any thread; changes are made one after another."""
        self._loop.call_soon_threadsafe(self._change, change)

    async def after(self, seen: Snapshot | None) -> Snapshot:
        """Return a snapshot other than `seen`, as soon as there is one."""
        while self.snapshot is seen:
            await self._changed.wait()
        return self.snapshot

    def _change(self, change: Change) -> None:
        self.snapshot = change(self.snapshot)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
