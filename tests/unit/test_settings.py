"""Settings: one frozen object out of arguments and STRIPSIGHT_* variables."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from stripsight.access.roles import Access
from stripsight.settings import Address, Settings, parse_address


def test_an_argument_wins_over_the_environment_and_the_environment_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each setting is STRIPSIGHT_<NAME>; what is passed in code or on the command line wins."""
    monkeypatch.setenv("STRIPSIGHT_BUNDLE", "/from/environment")
    monkeypatch.setenv("STRIPSIGHT_THREADS", "3")
    monkeypatch.setenv("STRIPSIGHT_WAITING", "4")
    arguments: dict[str, Any] = {"waiting": 5}
    settings = Settings(**arguments)
    assert (settings.bundle, settings.threads, settings.waiting) == (Path("/from/environment"), 3, 5)
    assert settings.listen == "127.0.0.1:50051"


def test_the_cpu_has_to_be_named() -> None:
    """Without a word about it the provider is CUDA alone."""
    assert Settings(bundle=Path("b")).provider == "cuda"


def test_settings_do_not_change() -> None:
    """Nobody can alter a setting after the start."""
    with pytest.raises(ValidationError):
        Settings(bundle=Path("b")).__setattr__("waiting", 9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("provider", "gpu"),
        ("threads", -1),
        ("waiting", -1),
        ("waiting", 65),
        ("picture_sample", 1.01),
        ("picture_days", 0),
        ("picture_bytes", -1),
        ("disk_floor_bytes", -1),
        ("slot_ms", 0),
        ("slot_ms", 60_001),
        ("log_format", "xml"),
        ("listen", "nowhere"),
        ("metrics_listen", "127.0.0.1:70000"),
        ("no_such_setting", 1),
    ],
)
def test_a_value_outside_its_range_is_refused_by_name(name: str, value: object) -> None:
    """A wrong setting never starts a server."""
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({"bundle": "b", name: value})
    assert [error["loc"] for error in refused.value.errors()] == [(name,)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:50051", Address("127.0.0.1", 50051)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:9464", Address("::1", 9464)),
    ],
)
def test_an_address_is_read_and_written_the_same_way(text: str, expected: Address) -> None:
    """host:port, with an IPv6 address in brackets."""
    assert parse_address(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize("text", ["", "host", ":1", "host:", "host:x", "host:-1", "host:65536", "::1:80", "host:١"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """The message says what was found."""
    with pytest.raises(ValueError, match=r"expected .*found"):
        parse_address(text)


TLS: dict[str, Any] = {"tls_cert": Path("c"), "tls_key": Path("k"), "tls_client_ca": Path("a")}


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "127.9.9.9:1", "[::1]:1", "localhost:1"])
def test_without_tls_it_listens_on_this_machine(listen: str) -> None:
    """Where every caller may do everything."""
    assert Settings(bundle=Path("b"), listen=listen).access is Access.LOOPBACK


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:1", "[::]:1", "10.0.0.7:1", "line-3:1", "localhost.:1", "[::ffff:10.0.0.7]:1"]
)
def test_beyond_it_only_with_tls_or_by_name(listen: str) -> None:
    """Plain text on a network has to be allowed in words."""
    with pytest.raises(ValidationError, match=f"on this machine only, and listen is {re.escape(listen)}"):
        Settings(bundle=Path("b"), listen=listen)
    assert Settings(bundle=Path("b"), listen=listen, allow_plaintext=True).access is Access.PLAINTEXT
    assert Settings(bundle=Path("b"), listen=listen, allow_plaintext=True, **TLS).access is Access.TLS


@pytest.mark.parametrize("missing", TLS)
def test_tls_is_whole_or_not_there(missing: str) -> None:
    """A certificate without a CA of callers would let everybody in; the message names what is missing."""
    given: dict[str, Any] = {name: path for name, path in TLS.items() if name != missing}
    with pytest.raises(ValidationError, match=f"together, found none of {missing}"):
        Settings(bundle=Path("b"), **given)
