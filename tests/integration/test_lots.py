"""Lots on a real server: opened and closed between challenges, stopped by a miss, going on after a restart."""

import queue
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, ServiceError
from stripsight.client.bundles import BundleClient
from stripsight.client.lots import LotClient
from stripsight.frame import FrameData
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import lot_service_pb2 as lot_pb
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import LOT_KINDS, Event, EventKind

FAR_S = 60.0
BUNDLE = 3
DRIFTING = [sys.executable, str(Path(__file__).with_name("drifting_server.py"))]

Strip = Callable[..., tuple[FrameData, ...]]
Occasion = lot_pb.ChallengeOccasion


class Site:
    """A server, a client of the machine and one of its lots; each `start` replaces them."""

    def __init__(self, start: Callable[..., Any], ask: Callable[..., Answer], bundle: Bundle, stack: ExitStack) -> None:
        """Nothing runs yet. `stack` closes what was opened."""
        self._start, self._ask, self._bundle, self._stack = start, ask, bundle, stack

    def launch(self, **settings: Any) -> Any:
        """Start a server that may not serve."""
        return self._start(self._bundle.path, **settings)

    def start(self, **settings: Any) -> Any:
        """Start a server and connect to it."""
        self.server = self.launch(**settings).started()
        self.client = self._stack.enter_context(Client(self.server.target))
        self.lots = self._stack.enter_context(LotClient(self.server.target))
        return self.server

    def open(self, lot_id: str = "L-1") -> lot_pb.Lot:
        """Open a lot."""
        return self.lots.open_lot(lot_id, product=self._bundle.recipe.product.name, who="Ada")

    def ask(self, **arguments: Any) -> pb.Inspection:
        """Have a strip inspected."""
        return self._ask(self.client, **arguments).reply.inspection

    def outcome(self, **arguments: Any) -> str:
        """Return why a strip was refused, or nothing when it was judged."""
        try:
            self.ask(**arguments)
        except ServiceError as error:
            return error.reason
        return ""

    def refused(self, **arguments: Any) -> str:
        """Return why a strip was refused."""
        with pytest.raises(ServiceError) as error:
            self.ask(**arguments)
        assert error.value.code == "FAILED_PRECONDITION"
        return error.value.reason

    def scraped(self, start: str) -> list[str]:
        """Return the metrics that begin so and are not 0."""
        text = urlopen(f"http://{self.server.metrics}/metrics").read().decode()
        return [line for line in text.splitlines() if line.startswith(start) and not line.endswith(" 0.0")]


@pytest.fixture
def site(start: Callable[..., Any], ask: Callable[..., Answer], strip_bundle: Bundle) -> Iterator[Site]:
    """A place to start servers at."""
    with ExitStack() as stack:
        yield Site(start, ask, strip_bundle, stack)


@pytest.fixture
def drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that blinds a drifting server's engine while it is there."""
    path = tmp_path / "drift"
    monkeypatch.setenv("DRIFT", str(path))
    return path


def occasions(lot: lot_pb.Lot) -> list[str]:
    """Return why the lot's challenges ran, in their order."""
    return [Occasion.Name(run.occasion).removeprefix("CHALLENGE_OCCASION_") for run in lot.challenges]


def test_a_lot_lives_between_challenges(site: Site, tmp_path: Path) -> None:
    """Where lots are required strips are inspected from its opening to its closing; all of it is on record."""
    server = site.start(require_lot=True, record_dir=tmp_path)
    assert site.refused() == "LOT_NOT_OPEN"
    opened = site.open()
    assert (opened.state, opened.opened_by, occasions(opened)) == (lot_pb.LOT_STATE_OPEN, "Ada", ["START"])
    assert site.ask(seed=102).verdict == pb.VERDICT_ACCEPT
    assert site.ask(seed=104, defective=True).verdict == pb.VERDICT_REJECT
    assert site.refused(seed=103, lot_id="L-2") == "LOT_NOT_OPEN"
    assert (site.lots.challenge().strips, site.lots.challenge().missed) == (2, [])
    now = site.client.status().lot
    assert (now.lot_id, now.accepted, now.rejected, now.refused) == ("L-1", 1, 1, 0)
    closed = site.lots.close_lot("L-1", who="Bert")
    assert (closed.state, closed.closed_by) == (lot_pb.LOT_STATE_CLOSED, "Bert")
    assert occasions(closed) == ["START", "CALL", "CALL", "END"]
    assert not site.client.status().HasField("lot")
    assert site.refused(seed=105) == "LOT_NOT_OPEN"
    assert site.lots.get("L-1").closed_at == closed.closed_at
    server.process.terminate()
    server.ended()
    reader = Reader(tmp_path)
    assert reader.verify().fault is None
    kept = [one.entry.body for one in reader.find(Wanted(kinds=LOT_KINDS))]
    reader.close()
    assert [str(body.kind) for body in kept] == ["challenge", "lot_opened", *["challenge"] * 3, "lot_closed"]
    assert [body.facts["who"] for body in kept if isinstance(body, Event)] == ["Ada", "Ada", "", "", "Bert", "Bert"]


def test_a_miss_stops_the_lot_and_names_the_strips_in_doubt(site: Site, drift: Path) -> None:
    """Nothing is inspected any more, the alarm is urgent; the next lot opens once the engine sees again."""
    site.start(command=DRIFTING)
    site.open()
    site.ask(seed=101)
    site.lots.challenge()
    drift.touch()
    wrong = site.ask(seed=104, defective=True)
    assert wrong.verdict == pb.VERDICT_ACCEPT  # what a challenge is for
    missed = site.lots.challenge().missed
    assert len(missed) == 2 and "challenge strip speckle: expected scores within 0.001" in " ".join(missed)
    assert site.refused(seed=102) == site.refused(seed=103, lot_id="L-9") == "LOT_STOPPED"
    lot = site.client.status().lot
    assert lot.state == lot_pb.LOT_STATE_STOPPED
    assert (list(lot.in_doubt.accepted_strip_ids), lot.in_doubt.accepted) == (["S-104"], 1)
    assert lot.in_doubt.first_record_seq <= wrong.record_seq <= lot.in_doubt.last_record_seq
    assert [(alarm.code, alarm.urgent) for alarm in site.client.status().alarms] == [("CHALLENGE_MISSED", True)]
    assert site.scraped("stripsight_challenges_total") == [
        'stripsight_challenges_total{occasion="start",result="passed"} 1.0',
        'stripsight_challenges_total{occasion="call",result="passed"} 1.0',
        'stripsight_challenges_total{occasion="call",result="missed"} 1.0',
    ]
    assert site.scraped("stripsight_lot_") == ["stripsight_lot_stopped 1.0"]
    assert site.lots.close_lot("L-1", who="Ada").in_doubt == lot.in_doubt
    with pytest.raises(ServiceError, match="CHALLENGE_MISSED"):
        site.open("L-2")
    assert site.refused(seed=103, lot_id="L-2") == "LOT_STOPPED"
    drift.unlink()
    site.open("L-2")
    assert not site.client.status().alarms
    assert site.ask(seed=103, lot_id="L-2").verdict == pb.VERDICT_ACCEPT


def test_a_miss_at_the_end_closes_the_lot_in_doubt(site: Site, drift: Path) -> None:
    """The lot's strips since the last challenge are named; they are still told when it is asked for later."""
    site.start(command=DRIFTING)
    site.open()
    site.ask(seed=102)
    drift.touch()
    closed = site.lots.close_lot("L-1", who="Ada")
    assert (closed.state, list(closed.in_doubt.accepted_strip_ids)) == (lot_pb.LOT_STATE_CLOSED, ["S-102"])
    assert site.lots.get("L-1") == closed


def test_challenge_strips_run_by_themselves_after_so_many_strips(site: Site) -> None:
    """Every second strip here; with one strip none runs."""
    server = site.start(challenge_strips=2)
    site.open()
    site.ask(seed=101)
    site.ask(seed=102)
    assert server.until("challenge passed")["occasion"] == "START"
    assert server.until("challenge passed")["occasion"] == "INTERVAL"
    assert occasions(site.lots.get()) == ["START", "INTERVAL"]


def test_a_change_of_the_bundle_is_challenged_in_the_open_lot(site: Site, slack_bundle: Bundle, tmp_path: Path) -> None:
    """By itself, and on record with the bundle that it was of."""
    shutil.copytree(slack_bundle.path, tmp_path / "bundles" / "slack")
    server = site.start(bundles=tmp_path / "bundles", record_dir=tmp_path / "record")
    site.open()
    with BundleClient(server.target) as bundles:
        bundles.activate(slack_bundle.bundle_id, who="Ada", why="test", despite_open_lot="test")
    assert server.until("challenge passed")["occasion"] == "START"
    assert server.until("challenge passed")["occasion"] == "INTERVAL"
    reader = Reader(tmp_path / "record")
    last = reader.find(Wanted(kinds=(EventKind.CHALLENGE,)))[-1].entry.body
    reader.close()
    assert isinstance(last, Event) and last.facts["bundle_id"] == slack_bundle.bundle_id


def test_closing_waits_for_strips_under_way_and_lets_none_in(site: Site, strip_bundle: Bundle, strip: Strip) -> None:
    """A strip whose frames still come gets its answer, before the last challenge runs."""
    site.start()
    site.open()
    frames = strip(strip_bundle.recipe, 101)
    ids: dict[str, Any] = {"strip_id": "S-1", "lot_id": "L-1", "strip_seq": 1, "product": "small-5x4"}
    early: queue.SimpleQueue[object] = queue.SimpleQueue()
    with (
        ThreadPoolExecutor(1) as pool,
        site.client.stream(**ids, indices=(0, 7, 15), timeout_s=FAR_S, on_early=early.put) as stream,
    ):
        stream.send(np.zeros((144, 408), np.uint8))
        early.get(timeout=FAR_S)  # it is under way
        closing = pool.submit(site.lots.close_lot, "L-1", who="Ada")
        number = 1
        while site.outcome(strip_id="S-2", strip_seq=(number := number + 1)) != "LOT_NOT_OPEN":
            assert not closing.done()
        for frame in frames[1:]:
            stream.send(frame)
        assert stream.answer().reply.inspection.verdict == pb.VERDICT_REJECT
        closed = closing.result(FAR_S)
    assert (occasions(closed), closed.rejected) == (["START", "END"], 1)
    assert closed.challenges[-1].record_seq > stream.answer().reply.inspection.record_seq


def test_an_open_lot_goes_on_after_a_crash_with_a_challenge_first(site: Site, drift: Path, tmp_path: Path) -> None:
    """Its counts are those of before. A service that does not see does not start, and leaves the lot stopped."""
    record = tmp_path / "record"
    server = site.start(command=DRIFTING, record_dir=record, require_lot=True)
    site.open()
    site.ask(seed=101)
    server.close()  # SIGKILL
    server = site.start(command=DRIFTING, record_dir=record, require_lot=True)
    site.ask(seed=102)
    lot = site.lots.get()
    assert (lot.state, lot.accepted, occasions(lot)) == (lot_pb.LOT_STATE_OPEN, 2, ["START", "RESTART"])
    server.close()
    drift.touch()
    blind = site.launch(command=DRIFTING, record_dir=record)
    assert blind.ended() == BUNDLE
    drift.unlink()
    server = site.start(command=DRIFTING, record_dir=record)
    lot = site.lots.get()
    assert (lot.state, occasions(lot)) == (lot_pb.LOT_STATE_STOPPED, ["START", "RESTART", "RESTART"])
    assert list(lot.in_doubt.accepted_strip_ids) == ["S-102"]
    assert site.refused(seed=103) == "LOT_STOPPED"
    site.lots.close_lot("L-1", who="Ada")
    assert not site.client.status().alarms


def test_a_strip_overtakes_a_challenge(site: Site) -> None:
    """It waits for the frame that is inferred and for no other; the challenge goes on behind it."""
    server = site.start(gated=True)
    server.until("armed")
    with ThreadPoolExecutor(2) as pool:
        opened = pool.submit(site.open)
        server.until("infer")
        strip = pool.submit(site.ask, lot_id="L-0")
        while site.scraped("stripsight_waiting") != ["stripsight_waiting 1.0"]:
            pass
        server.say("frame")  # of the challenge
        server.until("infer")
        server.say("go")  # the strip, whole
        assert strip.result(FAR_S).verdict == pb.VERDICT_ACCEPT
        assert not opened.done()
        for word in ("frame", "frame", "go"):  # the other five frames of the two challenge strips
            server.until("infer")
            server.say(word)
        assert opened.result(FAR_S).state == lot_pb.LOT_STATE_OPEN
