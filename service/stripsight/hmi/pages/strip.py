"""The page of one strip: its pictures, every score, and its record; to look at and to take away."""

from nicegui import ui

from stripsight.client.service_error import ServiceError
from stripsight.hmi import fragments
from stripsight.hmi.album import shot_of
from stripsight.hmi.desk import Desk
from stripsight.hmi.pages.shell import Shell
from stripsight.hmi.strip import strip_of
from stripsight.hmi.viewer import Viewer
from stripsight.hmi.widgets import fragment
from stripsight.inspection.v1 import record_service_pb2 as record_pb


class StripPage:
    """One browser's page of a strip."""

    def __init__(self, desk: Desk, record_seq: int) -> None:
        """Build it; `load` fills it."""
        self._desk = desk
        self._record_seq = record_seq
        self._shell = Shell(desk, "")
        with ui.element("div").classes("page strip"):
            with ui.element("section").classes("left"):
                self._verdict = fragment("result")
                self._viewer = Viewer(full=True)
                self._away = fragment("panel away")
            with ui.element("aside"):
                self._scores = fragment("panel")
                self._facts = fragment("panel")
        self._wait(f"Reading record {record_seq} …")

    async def follow(self) -> None:
        """Fill the page, then keep the band up to date until the browser leaves."""
        await self._shell.follow(self._load)

    async def _load(self) -> None:
        try:
            found = await self._desk.ask(self._read, lambda: self._wait("The service does not answer. Trying again …"))
        except ServiceError as error:
            self._wait(f"There is no strip with record {self._record_seq}: {error.message}")
        else:
            await self._fill(found)

    def _read(self) -> record_pb.GetInspectionResponse:
        return self._desk.library.strip(self._record_seq)

    def _wait(self, text: str) -> None:
        self._verdict.content = fragments.verdict(None, waiting=text)

    async def _fill(self, found: record_pb.GetInspectionResponse) -> None:
        strip = strip_of(found.inspection)
        shot = shot_of(strip, found.pictures)
        self._verdict.content = fragments.verdict(strip)
        self._scores.content = fragments.scores(strip)
        self._facts.content = fragments.facts(strip)
        self._away.content = fragments.away(shot)
        await self._viewer.show(shot, await self._desk.product())


def add(desk: Desk) -> None:
    """Add the page at /strips/N."""

    @ui.page("/strips/{record_seq}")
    async def strip(record_seq: int) -> None:
        await StripPage(desk, record_seq).follow()
