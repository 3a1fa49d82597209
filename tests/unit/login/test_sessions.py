"""Who is logged in, and who has to wait."""

from pathlib import Path

import pytest

from stripsight.login.lockout import Lockout
from stripsight.login.password import hashed
from stripsight.login.sessions import LASTS_S, Person, Sessions
from stripsight.login.users import PageRole, User, Users, add_user, remove_user, write_users

WORD = "correct horse"


class Page:
    """The sessions of a page with the user ada, and a clock of the test's."""

    def __init__(self, path: Path, kept: str) -> None:
        """Begin at 0 s."""
        self.now = 0.0
        self.path = path
        write_users(path, {"ada": User(PageRole.OPERATOR, kept)})
        self.sessions = Sessions(Users(self.path), lambda: self.now)

    def login(self, name: str = "ada", password: str = WORD, address: str = "10.0.0.7") -> str | None:
        """Try to log in."""
        return self.sessions.begin(name, password, address)


@pytest.fixture(scope="module")
def kept() -> str:
    """The password as it is kept; making it takes long, as it must."""
    return hashed(WORD)


@pytest.fixture
def page(kept: str, tmp_path: Path) -> Page:
    """Return a page."""
    return Page(tmp_path / "users", kept)


def test_a_session_stands_for_its_user(page: Page) -> None:
    """Each login is one of its own."""
    first, second = page.login(), page.login()
    assert first
    assert second
    assert first != second
    assert page.sessions.find(first) == page.sessions.find(second) == Person("ada", PageRole.OPERATOR)
    page.sessions.end(first)
    assert page.sessions.find(first) is None
    assert page.sessions.find(second)


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong horse"), ("ada", ""), ("eve", WORD), ("", WORD)])
def test_nobody_else_gets_in(name: str, password: str, page: Page) -> None:
    """A wrong password, and a user that is not there."""
    assert page.login(name, password) is None


@pytest.mark.parametrize("word", ["", "x", "ada"])
def test_a_word_that_was_never_given_stands_for_nobody(word: str, page: Page) -> None:
    """Whatever the browser sends."""
    assert page.sessions.find(word) is None


def test_a_session_ends_after_a_shift(page: Page) -> None:
    """Twelve hours after the login."""
    word = page.login()
    assert word
    page.now = LASTS_S - 1
    assert page.sessions.find(word)
    page.now = LASTS_S
    assert page.sessions.find(word) is None


def test_a_session_ends_when_its_user_is_changed_or_removed(page: Page) -> None:
    """At once: a former role or password opens nothing."""
    word = page.login()
    assert word
    add_user(page.path, "ada", PageRole.VIEWER, WORD)
    assert page.sessions.find(word) is None
    word = page.login()
    assert word
    remove_user(page.path, "ada")
    assert page.sessions.find(word) is None


def test_after_five_failures_the_right_password_has_to_wait_too(page: Page) -> None:
    """For that name from anywhere, and for any name from that address; then it works, and all is forgotten."""
    add_user(page.path, "bo", PageRole.VIEWER, WORD)
    for _ in range(5):
        assert page.login(password="wrong horse") is None
    assert page.sessions.wait_s("ada", "10.0.0.7") == 30
    assert page.login() is None
    assert page.login(address="10.0.0.8") is None
    assert page.login(name="bo") is None
    assert page.login(name="bo", address="10.0.0.8")
    page.now = 30
    assert page.login()
    assert page.login(password="wrong horse") is None
    assert page.sessions.wait_s("ada", "10.0.0.7") == 0


def test_each_further_failure_doubles_the_wait_up_to_a_quarter_of_an_hour() -> None:
    """A thousand guesses take more than a week."""
    now, waits, total = [0.0], [], 0.0
    lockout = Lockout(lambda: now[0])
    for _ in range(1000):
        lockout.failed("name ada")
        waits.append(lockout.wait_s("name ada"))
        now[0] += waits[-1]
        total += waits[-1]
    assert waits[:11] == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]
    assert total > 7 * 24 * 3600


def test_however_many_names_are_tried_the_memory_is_bounded() -> None:
    """The oldest are forgotten first."""
    lockout = Lockout(lambda: 0.0)
    for number in range(20_000):
        lockout.failed(f"name {number}", "address 10.0.0.7")
    assert len(lockout._failures) == 10_000
    assert lockout.wait_s("address 10.0.0.7") == 900
