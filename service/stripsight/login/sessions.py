"""Who is logged in: a random word in the browser stands for a user, for a shift."""

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from stripsight.login.lockout import Lockout
from stripsight.login.password import hashed, matches
from stripsight.login.users import PageRole, User, Users
from stripsight.timing import Clock

LASTS_S = 12 * 3600.0
_SESSIONS_MAX = 1000


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in."""

    name: str
    role: PageRole


@dataclass(frozen=True)
class _Session:
    name: str
    user: User
    until: float


class Sessions:
    """The sessions of one page. They end with it, after 12 h, and when their user is changed or removed."""

    def __init__(self, users: Users, clock: Clock = time.monotonic) -> None:
        """Begin without a session."""
        self._users = users
        self._clock = clock
        self._lockout = Lockout(clock)
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()  # a guess takes 32 MiB
        self._nobody = User(PageRole.VIEWER, hashed(secrets.token_urlsafe()))

    def wait_s(self, name: str, address: str) -> float:
        """Return how long `name`, or whoever is at `address`, may not try to log in; 0 when they may."""
        return self._lockout.wait_s(*_keys(name, address))

    def begin(self, name: str, password: str, address: str) -> str | None:
        """Log in and return the session's word; None when name or password are wrong, or somebody has to wait.

        Takes some tenths of a second.
        """
        keys = _keys(name, address)
        with self._one_at_a_time:
            if self._lockout.wait_s(*keys):
                return None
            user = self._users.find(name)
            # Somebody who is not there takes as long as a wrong password.
            if not matches(password, (user or self._nobody).password) or user is None:
                self._lockout.failed(*keys)
                return None
        self._lockout.passed(*keys)
        return self._begun(name, user)

    def find(self, word: str) -> Person | None:
        """Return who a session's word stands for; None when it stands for nobody any more."""
        with self._lock:
            session = self._sessions.get(word)
        if session is None:
            return None
        if self._clock() >= session.until or self._users.find(session.name) != session.user:
            self.end(word)
            return None
        return Person(session.name, session.user.role)

    def end(self, word: str) -> None:
        """Log out."""
        with self._lock:
            self._sessions.pop(word, None)

    def _begun(self, name: str, user: User) -> str:
        word = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[word] = _Session(name, user, self._clock() + LASTS_S)
            while len(self._sessions) > _SESSIONS_MAX:
                self._sessions.popitem(last=False)
        return word


def _keys(name: str, address: str) -> tuple[str, str]:
    return f"name {name[:32]}", f"address {address}"
