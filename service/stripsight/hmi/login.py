"""Logging in and out: one form, one cookie."""

import math
from urllib.parse import parse_qs

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from stripsight.hmi import fragments
from stripsight.hmi.door import COOKIE
from stripsight.login.sessions import LASTS_S, Sessions

LOGIN, LOGOUT = "/login", "/logout"

_FORM_BYTES_MAX = 4096
_WRONG = "Name or password is wrong."
_NOT_KEPT = {"Cache-Control": "no-store"}

_log = structlog.get_logger()


def login_page(problem: str = "", name: str = "") -> Response:
    """Return the form, with what was wrong with the last try."""
    return HTMLResponse(fragments.login(problem, name), 401 if problem else 200, headers=_NOT_KEPT)


async def logged_in(request: Request, sessions: Sessions) -> Response:
    """Answer the form: with the page and a cookie, or with the form again."""
    form = await _form(request)
    name, address = form.get("name", "").strip().lower(), request.client.host if request.client else ""
    wait_s = sessions.wait_s(name, address)
    if wait_s:
        return login_page(f"Too many tries. Wait {math.ceil(wait_s)} seconds.", name)
    word = await run_in_threadpool(sessions.begin, name, form.get("password", ""), address)
    if word is None:
        # Without the name: people type their password into the wrong field.
        _log.warning("page login refused", address=address)
        return login_page(_WRONG, name)
    _log.info("page login", name=name, address=address)
    answer = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, word, max_age=int(LASTS_S), httponly=True, samesite="strict", secure=secure)
    return answer


async def logged_out(request: Request, sessions: Sessions) -> Response:
    """End the session."""
    sessions.end(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse(LOGIN, 303)
    answer.delete_cookie(COOKIE)
    return answer


async def _form(request: Request) -> dict[str, str]:
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > _FORM_BYTES_MAX:
            return {}
    return {name: values[0] for name, values in parse_qs(data.decode("utf-8", "replace")).items()}
