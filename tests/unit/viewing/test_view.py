"""What one viewer gets: the latest, and the number of those it missed."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripsight.errors import NotReady, Overloaded
from stripsight.strip import HeatmapOptions
from stripsight.viewing.hub import DEPTH, Hub
from stripsight.viewing.options import PictureOptions
from stripsight.viewing.view import Shown, View

FAR_S = 60.0
FRAMES = PictureOptions(frames=True)
HEATMAPS = PictureOptions(heatmaps=HeatmapOptions())


def told(seq: int) -> Shown[str]:
    """Return the message that tells of an inspection."""
    return Shown(f"told {seq}", seq)


def drawn(seq: int) -> Shown[str]:
    """Return the message with its pictures."""
    return Shown(f"drawn {seq}", seq, is_picture=True)


def viewing(depth: int, skips: list[int] | None = None) -> View[str]:
    """Return a view; each inspection that is left out adds to `skips`."""
    counted = skips if skips is not None else []
    return View(depth, lambda: counted.append(1))


def fetched(view: View[str], count: int) -> list[tuple[str, int]]:
    """Return the next messages."""
    return list(islice(view.messages(), count))


def test_messages_come_in_order_and_nothing_is_missed_by_who_keeps_up() -> None:
    """Told first, shown afterwards."""
    view = viewing(4)
    for seq in (1, 2):
        view.put(told(seq))
        view.put(drawn(seq))
    assert fetched(view, 4) == [("told 1", 0), ("drawn 1", 0), ("told 2", 0), ("drawn 2", 0)]


def test_the_oldest_makes_room_and_is_counted_once() -> None:
    """The next message tells how many were missed before it, the one after it none."""
    skips: list[int] = []
    view = viewing(2, skips)
    for seq in range(1, 6):
        view.put(told(seq))
    assert fetched(view, 2) == [("told 4", 3), ("told 5", 0)]
    assert len(skips) == 3


def test_pictures_of_an_inspection_that_was_left_out_do_not_come() -> None:
    """Neither those that wait nor those that are drawn later; pictures that are left out count as nothing."""
    view = viewing(3)
    for shown in (told(1), told(2), drawn(1), told(3), drawn(1), drawn(2)):
        view.put(shown)
    assert fetched(view, 3) == [("told 2", 1), ("told 3", 0), ("drawn 2", 0)]
    for shown in (told(4), drawn(4)):
        view.put(shown)
    assert fetched(view, 1) == [("told 4", 0)]
    for seq in (5, 6, 7):
        view.put(told(seq))
    assert fetched(view, 3) == [("told 5", 0), ("told 6", 0), ("told 7", 0)]


@given(st.lists(st.sampled_from(["told", "drawn", "fetch"]), max_size=60), st.integers(1, 5))
def test_told_and_missed_make_up_all_whatever_happens(events: list[str], depth: int) -> None:
    """No inspection is lost without a count, none comes twice, and none waits beyond the depth."""
    view, seq, got = viewing(depth), 0, []
    for event in events:
        if event == "told":
            seq += 1
            view.put(told(seq))
        elif event == "drawn":
            view.put(drawn(max(1, seq)))
        elif view._waiting:
            got += fetched(view, 1)
        assert len(view._waiting) <= depth
    got += fetched(view, len(view._waiting))
    numbers = [int(message.split()[1]) for message, _ in got if message.startswith("told")]
    assert numbers == sorted(set(numbers))
    assert len(numbers) + sum(skipped for _, skipped in got) + view._skipped == seq


def test_an_end_comes_at_once_whatever_waits() -> None:
    """Who waits wakes up; who leaves gets no error."""
    with ThreadPoolExecutor(1) as pool:
        hub: Hub[str] = Hub(1)
        with hub.view(None) as view:
            waits = pool.submit(next, view.messages())
            hub.close()
            with pytest.raises(NotReady):
                waits.result(FAR_S)
            hub.tell(told(1))
            with pytest.raises(NotReady):
                next(view.messages())
            view.leave()
            assert list(view.messages()) == []
        with pytest.raises(NotReady), hub.view(None):
            pass


def test_everybody_is_told_and_shown_what_each_wants() -> None:
    """Pictures go to those who want exactly these."""
    hub: Hub[str] = Hub(3)
    with hub.view(FRAMES) as frames, hub.view(HEATMAPS) as heatmaps, hub.view(None) as plain:
        assert (hub.viewers, hub.wishes) == (3, {FRAMES, HEATMAPS})
        hub.tell(told(1))
        hub.show(FRAMES, drawn(1))
        hub.skip()
        hub.tell(told(2))
        assert fetched(frames, 3) == [("told 1", 1), ("drawn 1", 0), ("told 2", 0)]
        assert fetched(heatmaps, 2) == fetched(plain, 2) == [("told 1", 1), ("told 2", 0)]
    assert (hub.viewers, hub.wishes) == (0, set())


def test_beyond_the_places_nobody_gets_in_until_one_leaves() -> None:
    """Overloaded says how many there may be."""
    hub: Hub[str] = Hub(1)
    with hub.view(None):
        with pytest.raises(Overloaded) as refused, hub.view(None):
            pass
        assert refused.value.facts == {"viewers_max": "1"}
    with hub.view(None) as view:
        for seq in range(DEPTH + 1):
            hub.tell(told(seq))
        assert fetched(view, 1) == [("told 1", 1)]
