"""Who may look at the operator page: the real page, over HTTP as a browser or anybody else speaks it."""

import http.client
import os
import ssl
import subprocess
import sys
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stripsight.login.users import PageRole, add_user, remove_user

FAR_S = 60.0
WORD = "correct horse"
HTML = {"Accept": "text/html"}
SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
}
STANDING_LINE = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"


def connected(url: str, ca: Path | None = None) -> http.client.HTTPConnection:
    """Connect; by TLS with who signed the page's certificate."""
    address = urllib.parse.urlsplit(url).netloc
    if ca is None:
        return http.client.HTTPConnection(address, timeout=FAR_S)
    return http.client.HTTPSConnection(address, timeout=FAR_S, context=ssl.create_default_context(cafile=ca))


class Asked:
    """What a page answers: status, headers and text."""

    def __init__(
        self, page: Any, method: str, path: str, headers: dict[str, str], body: str = "", *, ca: Path | None = None
    ) -> None:
        """Ask once; redirects are not followed."""
        connection = connected(page.url, ca)
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        self.status, self.headers = answer.status, answer.headers
        self.text = "" if self.status == 101 else answer.read().decode(errors="replace")
        connection.close()


def get(page: Any, path: str, **headers: str) -> Asked:
    """Ask for something."""
    return Asked(page, "GET", path, HTML | headers)


def login(page: Any, name: str, password: str, **headers: str) -> Asked:
    """Send the form."""
    form = urllib.parse.urlencode({"name": name, "password": password})
    return Asked(page, "POST", "/login", {"Content-Type": "application/x-www-form-urlencoded"} | headers, form)


def cookie(answer: Asked) -> str:
    """Return the cookie that an answer sets, as a browser sends it."""
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    return answer.headers["Set-Cookie"].partition(";")[0]


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """A file with the viewer vera and the operator otto."""
    path = tmp_path / "users"
    add_user(path, "vera", PageRole.VIEWER, WORD)
    add_user(path, "otto", PageRole.OPERATOR, WORD)
    return path


@pytest.fixture
def page(line: Any, users: Path, serve_page: Callable[..., Any]) -> Any:
    """A page that asks who is there, of a line with one strip."""
    line.strip(("V2", "R1"))
    return serve_page(f"127.0.0.1:{line.port}", "--auth-file", users)


FILES = ["/strips.csv", "/strips/1/scores.csv", "/pictures/1/full/0.png"]
EVERYTHING = ["/", "/strips", *FILES, "/_nicegui/x.js", "/nowhere"]


def test_whoever_is_not_logged_in_sees_nothing(page: Any) -> None:
    """Pages lead to the form, all else is refused, the standing line too; whatever the cookie says."""
    for path in EVERYTHING:
        for headers in ({}, {"Cookie": "stripsight=x"}):
            answer = get(page, path, **headers)
            assert (answer.status, answer.headers["Location"]) == (303, "/login"), path
        assert Asked(page, "GET", path, {}).status == 401
    assert Asked(page, "GET", STANDING_LINE, SOCKET).status == 403
    form = get(page, "/login")
    assert form.status == 200
    assert 'type="password"' in form.text


def test_a_session_opens_the_page_until_it_ends(page: Any, users: Path) -> None:
    """With a cookie that no script reads and no other site sends; logging out and removing a user end it."""
    answer = login(page, "Otto", WORD)
    session = {"Cookie": cookie(answer)}
    kept = answer.headers["Set-Cookie"].lower()
    assert "httponly" in kept
    assert "samesite=strict" in kept
    assert "otto" in get(page, "/", **session).text
    assert Asked(page, "GET", STANDING_LINE, SOCKET | session).status == 101
    assert Asked(page, "POST", "/logout", session).status == 303
    assert get(page, "/", **session).status == 303
    session = {"Cookie": cookie(login(page, "otto", WORD))}
    assert get(page, "/", **session).status == 200
    remove_user(users, "otto")
    assert get(page, "/", **session).status == 303


def test_files_are_for_operators(page: Any) -> None:
    """A viewer looks; an operator takes away too."""
    viewer, operator = ({"Cookie": cookie(login(page, name, WORD))} for name in ("vera", "otto"))
    for path in ("/strips.csv", "/strips/1/scores.csv"):
        assert get(page, path, **viewer).status == 403
        assert get(page, path, **operator).status == 200
    assert get(page, "/pictures/1/full/7.png", **viewer).status == 403
    assert get(page, "/", **viewer).status == 200


def test_whoever_guesses_has_to_wait(page: Any) -> None:
    """After five wrong passwords the right one does not help; the log tells from where, and no password."""
    for _ in range(5):
        answer = login(page, "otto", "secret guess")
        assert (answer.status, "Name or password is wrong" in answer.text) == (401, True)
    answer = login(page, "otto", WORD)
    assert (answer.status, "Too many tries. Wait " in answer.text) == (401, True)
    log = page.log()
    assert log.count("page login refused") == 5
    assert "127.0.0.1" in log
    assert "secret" not in log


def test_another_site_cannot_ask_through_a_browser(page: Any) -> None:
    """Neither log in nor out nor open the standing line, with whatever cookie."""
    session = {"Cookie": cookie(login(page, "otto", WORD))}
    elsewhere = {"Origin": "http://elsewhere.example"}
    assert login(page, "otto", WORD, **elsewhere).status == 403
    assert Asked(page, "POST", "/logout", session | elsewhere).status == 403
    assert Asked(page, "GET", STANDING_LINE, SOCKET | session | elsewhere).status == 403
    assert get(page, "/", **session).status == 200
    assert login(page, "x" * 5000, WORD).status == 401


def test_a_proxy_that_is_trusted_says_who_it_is(line: Any, serve_page: Callable[..., Any]) -> None:
    """By its header; without one nobody gets in, and there is no form of our own."""
    options = ("--trust-proxy-header", "X-Remote-User", "--trust-proxy-role-header", "X-Remote-Role")
    page = serve_page(f"127.0.0.1:{line.port}", *options)
    assert get(page, "/").status == 401
    assert get(page, "/login").status == 401
    assert get(page, "/", **{"X-Remote-User": "vera"}).status == 200
    assert get(page, "/strips.csv", **{"X-Remote-User": "vera"}).status == 403
    assert get(page, "/strips.csv", **{"X-Remote-User": "otto", "X-Remote-Role": "operator"}).status == 200


def test_a_header_from_past_the_proxy_says_nothing(line: Any, serve_page: Callable[..., Any]) -> None:
    """Whatever address it claims to come from."""
    page = serve_page(f"127.0.0.1:{line.port}", "--trust-proxy-header", "X-Remote-User", "--proxy", "10.0.0.7")
    forged = {"X-Remote-User": "vera", "X-Forwarded-For": "10.0.0.7"}
    assert get(page, "/", **forged).status == 401


def test_beyond_the_machine_it_speaks_tls(
    line: Any, users: Path, pki: Path, serve_page: Callable[..., Any], tmp_path: Path
) -> None:
    """With a certificate of its own, and a cookie that never leaves in plain text."""
    tls = ("--page-cert", pki / "server" / "tls.crt", "--page-key", pki / "server" / "tls.key")
    page = serve_page(f"127.0.0.1:{line.port}", "--auth-file", users, *tls)
    form = urllib.parse.urlencode({"name": "otto", "password": WORD})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = Asked(page, "POST", "/login", headers, form, ca=pki / "ca.crt")
    session = {"Cookie": cookie(answer)}
    assert "; secure" in answer.headers["Set-Cookie"].lower()
    assert Asked(page, "GET", "/", HTML | session, ca=pki / "ca.crt").status == 200


WRONG: dict[str, tuple[list[str], str]] = {
    "beyond the machine without a login": (["--listen", "0.0.0.0:0"], "the page answers on this machine only"),
    "passwords in plain text": (["--listen", "0.0.0.0:0", "--auth-file", "USERS"], "not sent in plain text"),
    "a certificate without a key": (["--page-cert", "x"], "expected both or none"),
    "a login and a proxy": (["--auth-file", "USERS", "--trust-proxy-header", "X"], "found both"),
    "no file of users": (["--auth-file", "nowhere"], "LOGIN_INVALID: nowhere: expected a file of users"),
    "no address": (["--listen", "nowhere"], "expected host:port, found 'nowhere'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_would_let_others_in_does_not_start(name: str, users: Path) -> None:
    """One plain line says what is missing."""
    options, message = WRONG[name]
    command = [sys.executable, "-m", "stripsight", "hmi", *(str(users) if at == "USERS" else at for at in options)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=FAR_S, check=False)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert message in ended.stderr


def test_people_log_in_look_and_log_out(page: Any, tab: Page) -> None:
    """In a browser: the form, the line, no files for a viewer, and the form again."""
    tab.goto(page.url)
    tab.get_by_label("Name").fill("vera")
    tab.get_by_label("Password").fill("wrong horse")
    tab.get_by_role("button", name="Log in").click()
    expect(tab.get_by_role("alert")).to_have_text("Name or password is wrong.")
    tab.get_by_label("Password").fill(WORD)
    tab.get_by_role("button", name="Log in").click()
    expect(tab.get_by_role("button", name="Log out vera")).to_be_visible()
    tab.wait_for_load_state("networkidle")  # the web server logs what a browser breaks off
    tab.goto(f"{page.url}/strips")
    expect(tab.get_by_text("S-000001")).to_be_visible()
    expect(tab.get_by_role("link", name="All as CSV")).to_be_hidden()
    tab.wait_for_load_state("networkidle")
    tab.get_by_role("button", name="Log out vera").click()
    expect(tab.get_by_label("Password")).to_be_visible()
    tab.wait_for_load_state("networkidle")
