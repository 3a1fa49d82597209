"""The last strips, in memory."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from stripsight.bundle import Bundle
from stripsight.frame import FrameData
from stripsight.live import LiveBundle
from stripsight.strip import Inspection, StripHeader, late
from stripsight.viewing.sight import REMEMBERED, LastStrips, Sight

HEADER = StripHeader(strip_id="S-1", lot_id="L-1", strip_seq=1)


def answered(record_seq: int) -> Inspection:
    """Return an answer with its place on record."""
    return replace(late(HEADER, "b" * 64, "cpu"), record_seq=record_seq)


def test_only_the_last_few_are_remembered() -> None:
    """The oldest is forgotten for each that comes."""
    last = LastStrips()
    for seq in range(1, REMEMBERED + 3):
        last.add(Sight(answered(seq), (), None))
    assert [seq for seq in range(1, REMEMBERED + 4) if last.get(seq)] == list(range(3, REMEMBERED + 3))


def test_frames_are_decoded_in_the_order_of_their_index(
    strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]
) -> None:
    """Whatever the order they came in; a bundle that has gone leaves none."""
    sent = strip(strip_bundle.recipe, 101)
    sight = Sight(answered(1), sent[::-1], LiveBundle(strip_bundle))
    for frame, data in zip(sight.frames(), sent, strict=True):
        assert frame.index == data.index
        np.testing.assert_array_equal(frame.pixels.ravel(), np.frombuffer(data.data, np.uint8))
    assert replace(sight, judge=None).frames() == []


def test_a_strip_with_a_frame_that_cannot_be_decoded_has_none(
    strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]
) -> None:
    """It may be on record as LATE, before anybody looked at its frames."""
    good = strip(strip_bundle.recipe, 101)
    broken = replace(good[1], crc32c=good[1].crc32c ^ 1)
    assert Sight(answered(1), (good[0], broken, good[2]), LiveBundle(strip_bundle)).frames() == []
