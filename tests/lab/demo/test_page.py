"""The operator page beside the demo."""

import os
import socket
from pathlib import Path
from urllib.request import urlopen

import pytest

from stripsight_lab.demo.page import page_open


def hide(monkeypatch: pytest.MonkeyPatch) -> None:
    """NiceGUI looks for pytest in the environment, and then serves its own tests."""
    for name in [name for name in os.environ if name.startswith("PYTEST")]:
        monkeypatch.delenv(name)


def test_the_page_is_there_and_goes_with_the_demo(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its address is told once it answers; afterwards nothing is left behind."""
    hide(monkeypatch)
    said: list[str] = []
    with page_open(address, "127.0.0.1:1", tmp_path / "page.log", said.append):
        assert said == [f"operator page: http://{address}/"], (tmp_path / "page.log").read_text()
        with urlopen(f"http://{address}/", timeout=60) as reply:
            assert b"Stripsight" in reply.read()
    with pytest.raises(OSError, match="refused"):
        urlopen(f"http://{address}/", timeout=60)


def test_a_port_that_is_taken_does_not_end_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on without a page, and says where the reason is."""
    hide(monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said: list[str] = []
        with page_open(f"127.0.0.1:{taken.getsockname()[1]}", "127.0.0.1:1", tmp_path / "page.log", said.append):
            assert said == [f"no operator page, see {tmp_path / 'page.log'}"]
    assert "address already in use" in (tmp_path / "page.log").read_text()


def test_no_address_means_no_page(tmp_path: Path) -> None:
    """As for whoever runs the demo without the extra."""
    with page_open("", "127.0.0.1:1", tmp_path / "page.log", print):
        assert not (tmp_path / "page.log").exists()
