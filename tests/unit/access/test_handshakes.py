"""Connections that no call followed."""

import pytest

from stripsight.access.handshakes import Handshakes


class Watched:
    """Handshakes with 30 s of grace and a clock of the test's."""

    def __init__(self) -> None:
        """Begin at 0 s."""
        self.now = 0.0
        self.handshakes = Handshakes(30, lambda: self.now)


@pytest.fixture
def watched() -> Watched:
    """Return handshakes to be."""
    return Watched()


def test_a_connection_that_calls_in_time_is_never_counted(watched: Watched) -> None:
    """However often it calls, and however late it calls again."""
    watched.handshakes.began()
    for second in (1, 2, 100):
        watched.now = second
        watched.handshakes.called("ipv4:10.0.0.7:1")
    assert watched.handshakes.overdue(last=True) == 0


def test_a_port_that_comes_again_much_later_is_another_connection(watched: Watched) -> None:
    """A machine has some ten thousand ports, and a health check uses up one each time."""
    for second in (0, 3600):
        watched.now = second
        watched.handshakes.began()
        watched.handshakes.called("ipv4:10.0.0.7:1")
    assert watched.handshakes.overdue(last=True) == 0


def test_one_that_does_not_is_counted_once_its_time_is_up(watched: Watched) -> None:
    """And once only."""
    watched.handshakes.began()
    watched.now = 29.9
    assert watched.handshakes.overdue() == 0
    watched.now = 30
    assert [watched.handshakes.overdue(), watched.handshakes.overdue()] == [1, 0]


def test_the_count_is_right_when_good_and_bad_ones_mix(watched: Watched) -> None:
    """Ten handshakes, of which four are followed by calls."""
    for second in range(10):
        watched.now = second
        watched.handshakes.began()
        if second % 3 == 0:
            watched.handshakes.called(f"ipv4:10.0.0.7:{second}")
    watched.now = 60
    assert watched.handshakes.overdue() == 6


def test_at_the_end_those_that_still_wait_are_counted_too(watched: Watched) -> None:
    """Nothing that was seen is forgotten."""
    watched.handshakes.began()
    assert watched.handshakes.overdue(last=True) == 1
