"""What a supervisor is told, and when it is told nothing."""

import os
import socket
from pathlib import Path

import pytest

from stripsight.notify import Watchdog, socket_at, supervisor

FAR_S = 60.0


@pytest.fixture
def told() -> list[str]:
    """What was said so far."""
    return []


def test_a_lane_that_moves_is_told_once_a_look(told: list[str]) -> None:
    """However far it moved."""
    beats = iter([4, 5, 9])
    watchdog = Watchdog(told.append, lambda: next(beats))
    watchdog.look()
    watchdog.look()
    assert told == ["WATCHDOG=1", "WATCHDOG=1"]


def test_a_lane_that_stands_still_is_not_told_however_often_it_is_looked_at(told: list[str]) -> None:
    """Until it moves again."""
    beats = iter([4, 4, 4, 4, 5, 5])
    watchdog = Watchdog(told.append, lambda: next(beats))
    for _ in range(3):
        watchdog.look()
    assert told == []
    for _ in range(2):
        watchdog.look()
    assert told == ["WATCHDOG=1"]


@pytest.mark.parametrize("abstract", [False, True])
def test_messages_arrive_at_a_path_and_at_an_abstract_name(abstract: bool, tmp_path: Path) -> None:
    """Both are what systemd may use."""
    name = f"\0stripsight-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(name)
        receiver.settimeout(FAR_S)
        send = socket_at(name.replace("\0", "@"))
        send("READY=1")
        assert receiver.recv(100) == b"READY=1"


def test_a_supervisor_that_is_away_or_full_costs_nothing(tmp_path: Path) -> None:
    """Nothing is raised, and nothing waits: a socket that nobody reads holds a few hundred messages."""
    socket_at(str(tmp_path / "nobody"))("WATCHDOG=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        send = socket_at(str(tmp_path / "deaf"))
        for _ in range(2000):
            send("WATCHDOG=1")


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "1000"},
        {"NOTIFY_SOCKET": "{socket}"},
        {"NOTIFY_SOCKET": "{socket}", "WATCHDOG_USEC": "0"},
        {"NOTIFY_SOCKET": "{socket}", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
    ],
    ids=["nobody", "no socket", "no watchdog", "watchdog off", "another's watchdog"],
)
def test_without_a_watchdog_there_is_no_thread(environment: dict[str, str], tmp_path: Path) -> None:
    """The lane is never looked at but where somebody waits for it."""
    here = {name: value.format(socket=tmp_path / "notify") for name, value in environment.items()}
    looks = []

    def beats() -> int:
        looks.append("look")
        return len(looks)

    told = supervisor(here)
    told.ready("inspects", beats)
    told.stopping()
    told.close()
    assert looks == []
