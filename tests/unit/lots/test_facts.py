"""What goes on record about lots comes back as it was; when a challenge is due; who may be named."""

from datetime import UTC, datetime

import pytest

from stripsight.errors import WhoRequired
from stripsight.journal.record import Event, EventKind
from stripsight.lots.due import Interval
from stripsight.lots.facts import challenge_facts, note_of
from stripsight.lots.lot import ChallengeRun, Occasion
from stripsight.lots.notes import Challenged, Closed, Opened, Overruled
from stripsight.who import check_who

UTC_US = 1_772_323_200_000_001
AT = datetime(2026, 3, 1, 0, 0, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize("missed", [(), ("strip a: wrong",), ("strip a: wrong", "strip b, too: 'x'\n")])
def test_a_run_comes_back_from_its_record(missed: tuple[str, ...]) -> None:
    """With every sentence, its occasion, its time and its place."""
    facts = challenge_facts("L-1", Occasion.RESTART, 4, missed, 17)
    note = note_of(20, UTC_US, Event(kind=EventKind.CHALLENGE, facts=facts))
    assert note == Challenged("L-1", ChallengeRun(AT, Occasion.RESTART, 4, missed, 17, 20))


def test_the_other_events_become_notes() -> None:
    """Opened, closed, overruled; nothing of those that say nothing about lots."""
    named = {"lot_id": "L-1", "who": "Ada Müller", "product": "p", "seq": 4}
    notes = [note_of(5, UTC_US, Event(kind=kind, facts=named)) for kind in EventKind if kind != EventKind.CHALLENGE]
    found = [note for note in notes if note]
    expected = [Overruled("L-1", 4), Opened("L-1", "p", "Ada Müller", AT), Closed("L-1", "Ada Müller", AT)]
    assert found == expected


@pytest.mark.parametrize(
    ("interval", "strips", "seconds", "due"),
    [
        (Interval(), 10**9, 1e9, False),
        (Interval(strips=10), 9, 1e9, False),
        (Interval(strips=10), 10, 0.0, True),
        (Interval(seconds=60), 10**9, 59.9, False),
        (Interval(seconds=60), 0, 60.0, True),
        (Interval(10, 60), 9, 60.0, True),
        (Interval(10, 60), 10, 0.0, True),
    ],
)
def test_whichever_comes_first_makes_a_challenge_due(
    interval: Interval, strips: int, seconds: float, due: bool
) -> None:
    """0 stands for neither."""
    assert interval.due(strips, seconds) is due


def test_somebody_must_be_named() -> None:
    """Up to 64 printable characters of any script; no blank name, no control characters."""
    for who in ("A", "Ada Lovelace", "Müller (Schicht 2)", "x" * 64):
        check_who(who)
    for who in ("", "  ", "x" * 65, "Ada\nwho=Bert", "\x1b[31mAda"):
        with pytest.raises(WhoRequired, match="who: expected a name of 1 to 64 printable characters, found"):
            check_who(who)
