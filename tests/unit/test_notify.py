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
    watchdog = Watchdog(told.append, lambda: next(beats), lambda _: None)
    watchdog.look()
    watchdog.look()
    assert told == ["WATCHDOG=1", "WATCHDOG=1"]


def test_a_lane_that_stands_still_is_not_told_however_often_it_is_looked_at(told: list[str]) -> None:
    """Until it moves again."""
    beats = iter([4, 4, 4, 4, 5, 5])
    watchdog = Watchdog(told.append, lambda: next(beats), lambda _: None)
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


def test_who_asks_is_told_that_the_lane_stands_still_when_patience_is_over() -> None:
    """After four looks without a beat, until the next beat."""
    moves: list[bool] = []
    beats = iter([1, 2, 2, 2, 2, 2, 2, 3])
    watchdog = Watchdog(lambda _: None, lambda: next(beats), moves.append)
    for _ in range(7):
        watchdog.look()
    assert moves == [True, True, True, True, False, False, True]


def test_nothing_is_told_where_nobody_listens(tmp_path: Path) -> None:
    """Without NOTIFY_SOCKET the same start and end raise nothing."""
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "0"}):
        told = supervisor(environment)
        told.ready("inspects", lambda: 1, lambda _: None)
        told.stopping()
        told.close()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"WATCHDOG_USEC": "200000"}, 0.2),
        ({"WATCHDOG_USEC": "200000", "WATCHDOG_PID": str(os.getpid())}, 0.2),
        ({"WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"}, 10.0),
        ({"WATCHDOG_USEC": "0"}, 10.0),
        ({}, 10.0),
    ],
    ids=["given", "ours", "another's", "off", "nobody's"],
)
def test_patience_is_the_supervisors_or_ten_seconds(environment: dict[str, str], expected: float) -> None:
    """Read from the environment as systemd sets it."""
    assert supervisor(environment | {"NOTIFY_SOCKET": "@nobody"}).patience_s == expected
