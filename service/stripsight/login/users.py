"""The file of users: who may log in to the operator page, and as what."""

import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from stripsight.errors import LoginError
from stripsight.login.password import hashed, is_kept

_NAME = re.compile("[a-z0-9][a-z0-9._-]{0,31}")
_OTHERS = 0o007  # a credential of systemd's shows as readable by its group


class PageRole(StrEnum):
    """What somebody may do on the page: look, or operate the line too."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True)
class User:
    """Somebody with a password, as it is kept."""

    role: PageRole
    password: str


class Users:
    """The users of a file, which is read again when it has changed. Any thread may ask."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises LoginError."""
        self._path = path
        self._lock = threading.Lock()
        self._stamp = _stamp(path)
        self._users: Mapping[str, User] = read_users(path)

    def find(self, name: str) -> User | None:
        """Return a user, or None when there is none of that name; or when the file cannot be read any more."""
        with self._lock:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._stamp, self._users = stamp, self._read_again()
            return self._users.get(name)

    def _read_again(self) -> Mapping[str, User]:
        try:
            return read_users(self._path)
        except LoginError:  # nobody gets in by a file that nobody can check
            return {}


def read_users(path: Path) -> dict[str, User]:
    """Read a file. Raises LoginError when it is missing, open to others, or not what `write_users` writes."""
    try:
        mode, text = path.stat().st_mode & 0o777, path.read_text("utf-8")
        users = {name: User(PageRole(user["role"]), user["password"]) for name, user in json.loads(text).items()}
    except OSError as error:
        raise LoginError(f"{path}: expected a file of users, found: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise LoginError(f"{path}: expected users as `stripsight hmi-user add` writes them, found: {error}") from error
    if mode & _OTHERS:
        raise LoginError(f"{path}: expected a file that only its owner and group may read, found mode {mode:o}")
    if not all(_NAME.fullmatch(name) and is_kept(user.password) for name, user in users.items()):
        raise LoginError(f"{path}: expected users as `stripsight hmi-user add` writes them, found another name or hash")
    return users


def add_user(path: Path, name: str, role: PageRole, password: str) -> None:
    """Add a user, or give one another role and password; makes the file when it is missing. Raises LoginError."""
    if not _NAME.fullmatch(name):
        raise LoginError(f"expected a name of 1 to 32 characters out of a-z 0-9 . _ -, found {name[:64]!a}")
    users = read_users(path) if path.exists() else {}
    write_users(path, users | {name: User(role, hashed(password))})


def remove_user(path: Path, name: str) -> None:
    """Remove a user; its sessions end. Raises LoginError when there is none."""
    users = read_users(path)
    if name not in users:
        raise LoginError(f"{path}: expected a user {name[:64]!a}, found none")
    write_users(path, {other: user for other, user in users.items() if other != name})


def write_users(path: Path, users: Mapping[str, User]) -> None:
    """Write a file in the place of the former one, for its owner alone. Raises LoginError."""
    text = json.dumps({name: asdict(user) for name, user in sorted(users.items())}, indent=1) + "\n"
    draft = path.with_name(f".{path.name}.new")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise LoginError(f"{path}: expected a place for the file of users, found: {error.strerror}") from error


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
