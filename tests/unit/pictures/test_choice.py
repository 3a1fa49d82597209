"""Which strips' frames are kept."""

from dataclasses import replace

import pytest

from stripsight.pictures.choice import Choice
from stripsight.strip import Inspection, StripHeader, late
from stripsight.verdict import Cause, Judgement, Verdict, rejected

BASE = late(StripHeader(strip_id="S-1", lot_id="L-1", strip_seq=1), "b" * 64, "cpu")
GOOD = Judgement(Verdict.ACCEPT, ())


def accepted(seq: int, lot_id: str = "L-1") -> Inspection:
    """An accepted strip with a number."""
    return replace(BASE, lot_id=lot_id, strip_id=f"S-{seq}", strip_seq=seq, judgement=GOOD)


@pytest.mark.parametrize("cause", list(Cause))
def test_every_rejected_strip_is_wanted(cause: Cause) -> None:
    """Whatever it was rejected for, and though the sample is empty."""
    assert Choice(0.0, 1).wants(replace(BASE, judgement=rejected(cause)))


def test_the_sample_is_a_share_of_accepted_strips() -> None:
    """None, all, and a tenth within five standard deviations of 5000 strips."""
    strips = [accepted(seq) for seq in range(5000)]
    assert not any(Choice(0.0, 1).wants(strip) for strip in strips)
    assert all(Choice(1.0, 1).wants(strip) for strip in strips)
    assert abs(sum(Choice(0.1, 1).wants(strip) for strip in strips) - 500) < 106


def test_the_seed_and_the_ids_say_which() -> None:
    """The same again, worked out by anybody; others with another seed or lot."""

    def drawn(choice: Choice, lot_id: str = "L-1") -> list[int]:
        return [seq for seq in range(60) if choice.wants(accepted(seq, lot_id))]

    assert drawn(Choice(0.1, 1)) == [7, 25, 30, 36]
    assert drawn(Choice(0.1, 2)) != drawn(Choice(0.1, 1)) != drawn(Choice(0.1, 1), "L-2")
    assert set(drawn(Choice(0.1, 1))) < set(drawn(Choice(0.3, 1)))
