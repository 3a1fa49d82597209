"""The page of the line: the strip just judged, rejects, counts, and how it went over time."""

from nicegui import ui

from stripsight.hmi import fragments
from stripsight.hmi.desk import Desk
from stripsight.hmi.pages.shell import Shell
from stripsight.hmi.snapshot import Shot, Snapshot
from stripsight.hmi.viewer import Viewer
from stripsight.hmi.widgets import fragment, loaded, on_act

_WAITING = "Waiting for the first strip"
_NO_PRODUCT = "Nothing to show before the service answers"


class LivePage:
    """One browser's page. It shows the latest there is whenever the browser has shown what came before."""

    def __init__(self, desk: Desk) -> None:
        """Build it."""
        self._board = desk.board
        self._held: Shot | None = None
        self._shell = Shell(desk, "/")
        with ui.element("div").classes("page live"):
            with ui.element("section").classes("left"):
                self._verdict = fragment("result")
                self._viewer = Viewer(extra=self._build_hold)
            with ui.element("aside"):
                self._counts = fragment("panel counts")
                self._trends = fragment("panel trends")
            with ui.element("section").classes("film"):
                ui.html("<h2>Rejects</h2>", sanitize=False)
                self._film = fragment("stills")

    async def follow(self) -> None:
        """Show what comes until the browser leaves."""
        client = ui.context.client
        await client.connected()
        seen: Snapshot | None = None
        while not client.is_deleted:
            seen = await self._board.after(seen)
            self._show(seen)
            await loaded(client, [])
            await self._picture(seen)

    def _show(self, snapshot: Snapshot) -> None:
        strip = self._held.strip if self._held else snapshot.latest
        waiting = _WAITING if snapshot.status is not None else _NO_PRODUCT
        self._shell.show(snapshot)
        note = "held" if self._held else snapshot.stale
        self._verdict.content = fragments.verdict(strip, note=note, old=bool(snapshot.stale), waiting=waiting)
        self._hold.content = fragments.hold(held=self._held is not None) if snapshot.shot else ""
        self._film.content = fragments.film(snapshot)
        self._counts.content = fragments.counts(snapshot)
        self._trends.content = fragments.trend_charts(snapshot)

    async def _picture(self, snapshot: Snapshot) -> None:
        shot = self._held or snapshot.shot
        if shot is not None and snapshot.product is not None:
            await self._viewer.show(shot, snapshot.product)
        else:
            self._viewer.wait(_WAITING if snapshot.status is not None else _NO_PRODUCT)

    def _build_hold(self) -> None:
        self._hold = on_act(fragment("hold"), self._toggle)

    async def _toggle(self, _: str) -> None:
        snapshot = self._board.snapshot
        self._held = None if self._held else snapshot.shot
        self._show(snapshot)
        await self._picture(snapshot)


def add(desk: Desk) -> None:
    """Add the page at /."""

    @ui.page("/")
    async def live() -> None:
        await LivePage(desk).follow()
