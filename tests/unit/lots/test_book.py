"""Which strips are let in, and which lots may be opened."""

from typing import Any

import pytest

from stripsight.alarms import AlarmCode
from stripsight.errors import LotExists, LotNotOpen, LotOpen, LotStopped
from stripsight.lots.book import LotBook
from stripsight.lots.lot import LotState, Occasion

Story = Any


def follow(book: LotBook, story: Story) -> None:
    """Have the book take a story's notes, once."""
    for note in story.notes:
        book.take(note)
    story.notes = []


@pytest.fixture
def book(story: Story) -> LotBook:
    """A book in which L-1 is open; lots are not required."""
    book = LotBook(required=False)
    follow(book, story)
    return book


def test_without_lots_every_strip_is_let_in_unless_lots_are_required() -> None:
    """Required: none is."""
    LotBook(required=False).admit("L-1")
    with pytest.raises(LotNotOpen, match="lot L-1 is not open; open is none"):
        LotBook(required=True).admit("L-1")


def test_where_lots_are_required_only_the_open_one_is_let_in(story: Story) -> None:
    """From its opening, not from the challenge before that, until its closing."""
    book = LotBook(required=True)
    follow(book, type(story)().challenge(Occasion.START))
    with pytest.raises(LotNotOpen):
        book.admit("L-1")
    follow(book, story)
    book.admit("L-1")
    with pytest.raises(LotNotOpen, match="open is L-1"):
        book.admit("L-2")
    book.closing("L-1")
    with pytest.raises(LotNotOpen):
        book.admit("L-1")
    book.check_not_stopped("L-1")  # a strip that is under way still gets its answer
    book.closing("")
    book.admit("L-1")


def test_a_closed_lot_gets_no_further_strip(book: LotBook, story: Story) -> None:
    """Also where lots are not required; others are let in as before."""
    follow(book, story.challenge(Occasion.END).close())
    with pytest.raises(LotNotOpen):
        book.admit("L-1")
    book.admit("L-2")
    assert book.lot is None
    told = book.told("L-1")
    assert told is not None and told.state is LotState.CLOSED


def test_a_lot_is_opened_once_and_one_at_a_time(book: LotBook, story: Story) -> None:
    """While one is open or stopped no other is; what was opened before never again."""
    with pytest.raises(LotExists):
        book.check_new("L-1")
    with pytest.raises(LotOpen, match="lot L-1 is open: close it first"):
        book.check_new("L-2")
    follow(book, story.challenge(Occasion.CALL, "missed"))
    with pytest.raises(LotOpen, match="lot L-1 is stopped"):
        book.check_new("L-2")
    follow(book, story.close())
    book.check_new("L-2")
    with pytest.raises(LotExists):
        book.check_new("L-1")


def test_a_miss_counts_before_it_is_on_record(book: LotBook) -> None:
    """Nothing is let in, and nothing that is under way is answered, whatever its lot."""
    assert book.alarms == ()
    book.missed()
    for ask in (book.admit, book.check_not_stopped):
        for lot_id in ("L-1", "L-2"):
            with pytest.raises(LotStopped):
                ask(lot_id)
    (alarm,) = book.alarms
    assert (alarm.code, alarm.urgent) == (AlarmCode.CHALLENGE_MISSED, True)


def test_only_a_run_that_passes_lets_strips_in_again(book: LotBook, story: Story) -> None:
    """Closing the stopped lot does not; the first challenge of the next one does."""
    follow(book, story.challenge(Occasion.INTERVAL, "missed").close())
    with pytest.raises(LotStopped):
        book.admit("L-2")
    assert len(book.alarms) == 1
    next_lot = type(story)("L-2")
    follow(book, next_lot.challenge(Occasion.START, "missed"))
    with pytest.raises(LotStopped):
        book.admit("L-2")
    follow(book, next_lot.challenge(Occasion.START))
    book.admit("L-2")
    assert book.alarms == ()


def test_a_start_that_passes_leaves_a_stopped_lot_stopped(book: LotBook, story: Story) -> None:
    """Its strips are refused and the alarm stands; others are let in where lots are not required."""
    follow(book, story.challenge(Occasion.INTERVAL, "missed"))
    book.passed_at_start()
    book.admit("L-2")
    with pytest.raises(LotStopped):
        book.admit("L-1")
    assert [alarm.message for alarm in book.alarms] == [
        "lot L-1 is stopped, since a challenge strip was not judged as it must be: close it"
    ]


def test_a_call_about_a_lot_names_the_one_that_is_open(book: LotBook) -> None:
    """Another is not open."""
    assert book.opened("L-1").lot_id == "L-1"
    with pytest.raises(LotNotOpen, match="lot 'L-2' is not open; open is L-1"):
        book.opened("L-2")
