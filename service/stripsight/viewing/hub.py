"""Everybody who views inspections, and one message for all of them who want the same."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from stripsight.errors import NotReady, Overloaded
from stripsight.viewing.options import PictureOptions
from stripsight.viewing.view import Shown, View

# Messages that wait for one viewer: 4 strips with pictures, which are two seconds of a line.
DEPTH = 8

M = TypeVar("M")


class Hub(Generic[M]):
    """At most `places` viewers. Calls may come from any thread; none waits for a viewer."""

    def __init__(self, places: int, on_skip: Callable[[], None] = lambda: None) -> None:
        """Begin with nobody; `on_skip` hears of each inspection that a viewer is not sent."""
        self._places = places
        self._on_skip = on_skip
        self._views: dict[View[M], PictureOptions | None] = {}
        self._closed = False
        self._lock = threading.Lock()

    @property
    def viewers(self) -> int:
        """How many there are."""
        return len(self._views)

    @property
    def wishes(self) -> set[PictureOptions]:
        """Which pictures somebody wants."""
        with self._lock:
            return {wish for wish in self._views.values() if wish is not None}

    @contextmanager
    def view(self, wish: PictureOptions | None) -> Iterator[View[M]]:
        """Take a place for as long as the block runs. Raises Overloaded when none is left, NotReady after `close`."""
        view: View[M] = View(DEPTH, self._on_skip)
        with self._lock:
            if self._closed:
                raise _stopping()
            if len(self._views) >= self._places:
                raise Overloaded(f"{self._places} viewers are there: no place is left", viewers_max=self._places)
            self._views[view] = wish
        try:
            yield view
        finally:
            with self._lock:
                del self._views[view]

    def tell(self, shown: Shown[M]) -> None:
        """Tell every viewer of an inspection."""
        self._each(lambda view, _: view.put(shown))

    def show(self, wish: PictureOptions, shown: Shown[M]) -> None:
        """Show pictures to every viewer who wants these."""
        self._each(lambda view, wanted: view.put(shown) if wanted == wish else None)

    def skip(self) -> None:
        """Tell every viewer that one inspection was left out."""
        self._each(lambda view, _: view.skip())

    def close(self) -> None:
        """End every view, and let nobody in any more."""
        with self._lock:
            self._closed = True
        self._each(lambda view, _: view.end(_stopping()))

    def _each(self, do: Callable[[View[M], PictureOptions | None], None]) -> None:
        with self._lock:
            views = list(self._views.items())
        for view, wish in views:
            do(view, wish)


def _stopping() -> NotReady:
    return NotReady("the service is about to stop")
