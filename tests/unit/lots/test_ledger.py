"""One lot by its notes: counts, states, and which strips are in doubt."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stripsight.lots.ledger import Ledger
from stripsight.lots.lot import IDS_MAX, Lot, LotState, Occasion, StripsInDoubt
from stripsight.lots.notes import Answered

Story = Any


def told(story: Story) -> Lot:
    """Return the lot that the notes tell of."""
    ledger = Ledger("L-1")
    for note in story.notes:
        ledger.take(note)
    assert ledger.lot is not None
    return ledger.lot


def test_an_open_lot_counts_what_its_strips_were_answered(story: Story) -> None:
    """Who opened it and when, each outcome, no doubt."""
    lot = told(story.strips("ACCEPT", "REJECT", "ACCEPT", "REFUSED"))
    assert (lot.state, lot.opened_by, lot.product) == (LotState.OPEN, "Ada", "product")
    assert (lot.accepted, lot.rejected, lot.refused, lot.in_doubt) == (2, 1, 1, None)
    assert [run.occasion for run in lot.challenges] == [Occasion.START]
    assert (lot.closed_by, lot.closed_at) == ("", None)


def test_strips_of_others_and_of_before_do_not_count(story: Story) -> None:
    """Another lot's note is passed over; a strip that came before the lot was opened is none of it."""
    before = Answered("L-1", "S-0", "ACCEPT", 0)
    story.strips("ACCEPT")
    story.notes = [before, *story.notes, replace(story.notes[-1], lot_id="L-2")]
    assert told(story).accepted == 1


def test_a_miss_doubts_what_was_accepted_since_the_last_passed_run_had_begun(story: Story) -> None:
    """A strip that was answered while the passed run was under way is in doubt as well: later strips of it passed."""
    story.strips("ACCEPT", "ACCEPT", "REJECT", "ACCEPT")  # 3 to 6
    story.challenge(Occasion.INTERVAL, began=5)  # 7: 6 came meanwhile
    story.strips("REJECT", "ACCEPT")  # 8, 9
    lot = told(story.challenge(Occasion.CALL, "strip good: expected ACCEPT, found REJECT"))
    assert lot.state is LotState.STOPPED
    assert lot.in_doubt == StripsInDoubt(6, 10, ("S-6", "S-9"), 2)


def test_a_strip_that_is_recorded_after_the_miss_is_in_doubt_too(story: Story) -> None:
    """It was judged before the miss was known."""
    lot = told(story.challenge(Occasion.CALL, "missed").strips("ACCEPT"))
    assert lot.in_doubt == StripsInDoubt(1, 4, ("S-4",), 1)


def test_nothing_proves_a_stopped_lot(story: Story) -> None:
    """A run that passes after the miss takes no strip out of doubt, and the lot stays stopped until it is closed."""
    story.strips("ACCEPT").challenge(Occasion.INTERVAL, "missed").challenge(Occasion.CALL)
    lot = told(story)
    assert (lot.state, lot.in_doubt) == (LotState.STOPPED, StripsInDoubt(1, 4, ("S-3",), 1))
    closed = told(story.close())
    assert (closed.state, closed.in_doubt) == (LotState.CLOSED, lot.in_doubt)


def test_a_miss_at_the_end_doubts_a_closed_lot(story: Story) -> None:
    """It is closed all the same; without a miss nothing is in doubt."""
    story.strips("ACCEPT")
    good = told(copied(story).challenge(Occasion.END).close())
    assert (good.state, good.closed_by, good.in_doubt) == (LotState.CLOSED, "Bert", None)
    assert good.closed_at is not None and good.closed_at - good.opened_at == timedelta(seconds=3)
    bad = told(copied(story).challenge(Occasion.END, "missed").close())
    assert (bad.state, bad.in_doubt) == (LotState.CLOSED, StripsInDoubt(1, 4, ("S-3",), 1))


def copied(story: Story) -> Story:
    """Return a copy to go on with."""
    copy = type(story)()
    copy.seq, copy.notes = story.seq, list(story.notes)
    return copy


def test_runs_that_were_missed_before_the_lot_was_opened_stop_nothing(story: Story) -> None:
    """They are told; what counts is the one that passed."""
    before = type(story)().challenge(Occasion.START, "missed").challenge(Occasion.START).open()
    lot = told(before)
    assert (lot.state, lot.in_doubt) == (LotState.OPEN, None)
    assert [run.passed for run in lot.challenges] == [False, True]


def test_an_accept_that_left_too_late_is_a_reject(story: Story) -> None:
    """It is not in doubt, since nobody was told to accept it; a reject stays one."""
    story.strips("ACCEPT", "ACCEPT", "REJECT").overrule(3).overrule(5).challenge(Occasion.CALL, "missed")
    lot = told(story)
    assert (lot.accepted, lot.rejected) == (1, 2)
    assert lot.in_doubt is not None and lot.in_doubt.accepted_strip_ids == ("S-4",)


def test_an_accept_is_overruled_also_after_a_run_has_proved_it(story: Story) -> None:
    """The run may be on record before the word that the accept left too late."""
    lot = told(story.strips("ACCEPT").challenge(Occasion.INTERVAL).overrule(3))
    assert (lot.accepted, lot.rejected) == (0, 1)


def test_the_first_thousand_in_doubt_are_named(story: Story) -> None:
    """All are counted."""
    lot = told(story.strips(*["ACCEPT"] * (IDS_MAX + 5)).challenge(Occasion.CALL, "missed"))
    assert lot.in_doubt is not None
    assert (lot.in_doubt.accepted, len(lot.in_doubt.accepted_strip_ids)) == (IDS_MAX + 5, IDS_MAX)
    assert lot.in_doubt.accepted_strip_ids[0] == "S-3"


@pytest.mark.parametrize("occasion", [Occasion.INTERVAL, Occasion.CALL, Occasion.RESTART])
def test_the_interval_counts_judged_strips_from_the_last_run_on(occasion: Occasion, story: Story) -> None:
    """Refused calls say nothing about the engine."""
    ledger = Ledger("L-1")
    for note in story.strips("ACCEPT", "REJECT", "REFUSED").notes:
        ledger.take(note)
    assert ledger.strips_since_run == 2
    ledger.take(story.challenge(occasion).notes[-1])
    assert ledger.strips_since_run == 0
