"""The page to search strips: by lot, strip, verdict and cause."""

from nicegui import ui
from starlette.requests import Request

from stripsight.client.service_error import ServiceError
from stripsight.hmi import fragments
from stripsight.hmi.desk import Desk
from stripsight.hmi.pages.shell import Shell
from stripsight.hmi.search import VERDICTS, Search, search_of
from stripsight.hmi.strip import Strip, strip_of
from stripsight.hmi.widgets import fragment
from stripsight.hmi.words import CAUSES


class SearchPage:
    """One browser's search."""

    def __init__(self, desk: Desk, search: Search) -> None:
        """Build it."""
        self._desk = desk
        self._found: tuple[Strip, ...] = ()
        self._token = ""
        self._shell = Shell(desk, "/strips")
        with ui.element("div").classes("page search"):
            self._build_form(search)
            self._results = fragment("panel results")
            self._more = ui.button("Older strips", on_click=self._next, color=None).props("flat no-caps").mark("more")
        self._search = search
        self._results.content = fragments.results((), asked=False)
        self._more.visible = False

    async def follow(self) -> None:
        """Search, then keep the band up to date until the browser leaves."""
        await self._shell.follow(self._next)

    def _build_form(self, search: Search) -> None:
        with ui.element("section").classes("form"):
            self._lot = ui.input("Lot", value=search.lot).props("outlined clearable").mark("lot")
            self._strip = ui.input("Strip id begins with", value=search.strip).props("outlined clearable").mark("strip")
            self._verdict = ui.select(VERDICTS, label="Verdict", value=search.verdict).props("outlined")
            self._cause = ui.select({"": "Any"} | CAUSES, label="Cause", value=search.cause).props("outlined")
            ui.button("Search", on_click=self._again, color=None).props("flat no-caps").mark("search")
            self._csv = ui.link("All as CSV", f"/strips.csv?{search.query}").classes("button")
            for field in (self._lot, self._strip):
                field.on("keydown.enter", self._again)

    def _again(self) -> None:
        asked = Search(
            (self._lot.value or "").strip(), (self._strip.value or "").strip(), self._verdict.value, self._cause.value
        )
        ui.navigate.to(f"/strips?{asked.query}")

    async def _next(self) -> None:
        try:
            self._found += await self._desk.ask(self._read, lambda: self._tell("The service does not answer."))
        except ServiceError as error:
            self._tell(error.message)
            return
        self._results.content = fragments.results(self._found, asked=True)
        self._more.visible = bool(self._token)

    def _tell(self, text: str) -> None:
        self._results.content = fragments.problem(text)

    def _read(self) -> tuple[Strip, ...]:
        found: tuple[Strip, ...] = ()
        while not found:  # a page may be empty and not the last
            page = self._desk.service.page(self._search.request(self._token))
            found, self._token = tuple(strip_of(one) for one in page.inspections), page.next_page_token
            if not self._token:
                break
        return found


def add(desk: Desk) -> None:
    """Add the page at /strips."""

    @ui.page("/strips")
    async def strips(request: Request) -> None:
        await SearchPage(desk, search_of(request.query_params)).follow()
