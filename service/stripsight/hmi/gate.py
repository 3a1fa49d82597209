"""The gate before every page, picture, table and standing line: whoever is nobody gets none of them."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stripsight.hmi.door import CookieDoor, Door
from stripsight.hmi.login import LOGIN, LOGOUT, logged_in, logged_out, login_page
from stripsight.login.users import PageRole

# The look of the page; nothing of the line.
_OPEN = "/static/"
# What is taken away as a file is for operators.
_FILES = (".csv", "/full/")
_REFUSED = {"type": "websocket.close", "code": 1008, "reason": "log in first"}


class Gate:
    """Asks `door` about each request. The pages find the person as `request.state.person`."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        """Stand before `app`."""
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through, or answer."""
        if scope["type"] == "lifespan" or scope["path"].startswith(_OPEN):
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        person = self._door.person(asked)
        if scope["type"] == "websocket":
            if person is None or not _same_site(asked):
                await send(_REFUSED)
                return
        else:
            answer = await self._answer(Request(scope, receive), person is not None)
            if answer is None and person is not None and person.role is not PageRole.OPERATOR and _is_file(asked):
                answer = Response("files are for operators\n", 403, media_type="text/plain")
            if answer is not None:
                await answer(scope, receive, send)
                return
        scope.setdefault("state", {})["person"] = person
        await self._app(scope, receive, send)

    async def _answer(self, request: Request, known: bool) -> Response | None:
        """Return what is answered without the pages: to log in or out, and to whoever is nobody."""
        if request.method not in ("GET", "HEAD") and not _same_site(request):
            return Response("another site asks\n", 403, media_type="text/plain")
        if isinstance(self._door, CookieDoor) and request.url.path in (LOGIN, LOGOUT):
            if request.method != "POST":
                return RedirectResponse("/", 303) if known else login_page()
            return await (logged_in if request.url.path == LOGIN else logged_out)(request, self._door.sessions)
        if known:
            return None
        if isinstance(self._door, CookieDoor) and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(LOGIN, 303)
        return Response("log in first\n", 401, media_type="text/plain")


def _is_file(asked: HTTPConnection) -> bool:
    return asked.url.path.endswith(_FILES[0]) or _FILES[1] in asked.url.path


def _same_site(asked: HTTPConnection) -> bool:
    """Tell whether a browser says that it is our own page that asks; programs say nothing."""
    origin = asked.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == asked.headers.get("host")
