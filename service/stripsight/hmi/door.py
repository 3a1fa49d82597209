"""Who is at the page: by the session in a cookie, or by the word of a proxy that has asked already."""

from typing import Protocol

from starlette.requests import HTTPConnection

from stripsight.login.sessions import Person, Sessions
from stripsight.login.users import PageRole

COOKIE = "stripsight"


class Door(Protocol):
    """Tells who a request or a browser's standing line comes from."""

    def person(self, asked: HTTPConnection) -> Person | None:
        """Return who it is; None for nobody."""


class CookieDoor:
    """People log in on the page itself."""

    def __init__(self, sessions: Sessions) -> None:
        """`sessions` holds who has."""
        self.sessions = sessions

    def person(self, asked: HTTPConnection) -> Person | None:
        """Return whose session the cookie names."""
        return self.sessions.find(asked.cookies.get(COOKIE, ""))


class ProxyDoor:
    """A proxy lets people in and names them in a header. Whoever comes past it is nobody."""

    def __init__(self, header: str, role_header: str | None, proxies: frozenset[str]) -> None:
        """Believe `header` for the name and `role_header` for the role, viewer without it, from `proxies` alone."""
        self._header = header
        self._role_header = role_header
        self._proxies = proxies

    def person(self, asked: HTTPConnection) -> Person | None:
        """Return whom the proxy names."""
        name = asked.headers.get(self._header, "")
        if asked.client is None or asked.client.host not in self._proxies or not name:
            return None
        role = asked.headers.get(self._role_header, "") if self._role_header else ""
        return Person(name[:64], PageRole.OPERATOR if role == PageRole.OPERATOR else PageRole.VIEWER)
