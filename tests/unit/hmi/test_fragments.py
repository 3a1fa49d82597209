"""Views as HTML."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from stripsight.hmi import fragments
from stripsight.hmi.product import Product
from stripsight.hmi.snapshot import Shot, Snapshot
from stripsight.hmi.stage import Look, stage_of
from stripsight.hmi.strip import Strip
from stripsight.hmi.tally import Tally
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb

StripAt = Callable[..., Strip]
BEGAN = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
EVIL = "<script>alert(1)</script>"


def test_text_from_the_record_is_escaped_everywhere(strip_at: StripAt, product: Product) -> None:
    """An id or a finding is text, whatever it looks like."""
    strip = replace(strip_at(V1_R0=0.05), strip_id=EVIL, lot_id=EVIL, causes=(EVIL,), details=(EVIL,), bundle_id=EVIL)
    shot = Shot(strip, (0,), (), EVIL)
    stage = stage_of(shot, product, Look())
    pieces = (
        fragments.verdict(strip),
        fragments.stage(stage),
        fragments.controls(Look(), product, stage),
        fragments.film(Snapshot("", BEGAN).judged(strip)),
        fragments.facts(strip),
        fragments.results((strip,), asked=True),
        fragments.problem(EVIL),
        fragments.band(Snapshot(EVIL, BEGAN).band),
        fragments.counts(Snapshot("", BEGAN).judged(strip)),
    )
    assert all("<script" not in piece for piece in pieces)
    assert all("&lt;script" in piece for piece in pieces)


def test_empty_and_loading_states_have_words() -> None:
    """A page without strips says what it waits for."""
    first = Snapshot("line:50051", BEGAN)
    up = first.answered(service_pb.GetStatusResponse(), BEGAN)
    for snapshot, words in (
        (first, "does not answer"),
        (up, "Reading the record"),
        (up.read(Tally(), ()), "No rejects"),
    ):
        assert words in fragments.film(snapshot)
    assert ">–<" in fragments.counts(up) and ">0<" in fragments.counts(up.read(Tally(), ()))
    assert "nothing yet" in fragments.verdict(None, waiting="nothing yet")
    assert "Nothing on record fits" in fragments.results((), asked=True)


def test_an_old_verdict_has_no_colour(strip_at: StripAt) -> None:
    """An accept from before the connection was lost is no accept of the strip that passes now."""
    assert "verdict good" in fragments.verdict(strip_at())
    old = fragments.verdict(strip_at(), old=True, note="before")
    assert "verdict quiet" in old and "before" in old


def test_every_score_stands_in_the_table(strip_at: StripAt) -> None:
    """The worst first, marked by a sign."""
    table = fragments.scores(strip_at(V2_R1=0.05))
    assert table.count("<tr") == 21
    assert table.index("R1 ✕") < table.index("R0 ✓")
