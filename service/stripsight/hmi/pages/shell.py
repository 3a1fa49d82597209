"""What stands on every page: the status band, and the way to the others."""

import asyncio
from collections.abc import Callable, Coroutine

from nicegui import ui

from stripsight.hmi import fragments
from stripsight.hmi.desk import Desk
from stripsight.hmi.snapshot import Snapshot
from stripsight.hmi.widgets import fragment, loaded
from stripsight.login.sessions import Person


class Shell:
    """The band, kept up to date."""

    def __init__(self, desk: Desk, here: str) -> None:
        """Build it on the page at the address `here`."""
        self._board = desk.board
        self._client = ui.context.client
        ui.add_head_html('<link rel="stylesheet" href="/static/page.css">')
        with ui.element("header"):
            self._band = fragment("band")
            with ui.element("nav"):
                for name, address in (("Live", "/"), ("Search", "/strips")):
                    ui.link(name, address).classes("here" if address == here else "")
                self._add_person()
        self.show(desk.board.snapshot)

    def _add_person(self) -> None:
        """Say who is logged in; where nobody has to, nothing."""
        person: Person | None = getattr(self._client.request.state, "person", None)
        if person is not None:
            ui.query("body").classes(person.role)
            ui.html(fragments.person(person), sanitize=False).classes("person")

    def show(self, snapshot: Snapshot) -> None:
        """Bring the band up to date."""
        self._band.content = fragments.band(snapshot.band)

    async def follow(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do `work`, and keep the band up to date beside it and after, until the browser leaves."""
        await self._client.connected()
        task = asyncio.create_task(work())
        seen: Snapshot | None = None
        while not self._client.is_deleted:
            seen = await self._board.after(seen)
            self.show(seen)
            await loaded(self._client, [])
        task.cancel()
