"""The bundle is changed while strips stream in: none is lost, late, or judged by half of each."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Client
from stripsight.client.bundles import BundleClient
from stripsight.client.service_error import ServiceError
from stripsight.frame import FrameData
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import Event, StripRecord

FAR_S = 60.0
CHANGES = 20
Start = Callable[..., Any]
Strip = Callable[..., tuple[FrameData, ...]]


class Machine(threading.Thread):
    """Sends strip after strip, frame by frame and at once in turn, until it is told to stop."""

    def __init__(self, target: str, frames: tuple[FrameData, ...], product: str) -> None:
        super().__init__(name="machine")
        self._target, self._frames, self._product = target, frames, product
        self.enough = threading.Event()
        self.inspections: list[pb.Inspection] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with Client(self._target) as client:
                while not self.enough.is_set():
                    self._inspect(client, len(self.inspections) + 1)
        except Exception as error:  # told by the test
            self.error = error

    def _inspect(self, client: Client, number: int) -> None:
        ids: dict[str, Any] = {"strip_id": f"S-{number}", "lot_id": "L-1", "strip_seq": number}
        if number % 2:
            answer = client.inspect(self._frames, **ids, product=self._product, timeout_s=FAR_S)
        else:
            with client.stream(**ids, product=self._product, timeout_s=FAR_S) as stream:
                for frame in self._frames:
                    stream.send(frame)
                answer = stream.answer()
        self.inspections.append(answer.reply.inspection)


@pytest.fixture
def bundles(strip_bundle: Bundle, slack_bundle: Bundle) -> dict[str, Bundle]:
    """The two that take turns, by id."""
    return {bundle.bundle_id: bundle for bundle in (strip_bundle, slack_bundle)}


@pytest.fixture
def line(
    start: Start, strip_bundle: Bundle, slack_bundle: Bundle, strip: Strip, tmp_path: Path
) -> Iterator[tuple[Any, Machine]]:
    """A real server with its own slot, and a machine at work."""
    shutil.copytree(slack_bundle.path, tmp_path / "bundles" / "slack")
    served = start(strip_bundle.path, bundles=tmp_path / "bundles", record_dir=tmp_path / "record", slot_ms=10_000)
    served.started()
    machine = Machine(served.target, strip(strip_bundle.recipe, 101), strip_bundle.recipe.product.name)
    machine.start()
    yield served, machine
    machine.enough.set()
    machine.join()


def test_no_strip_is_lost_late_or_judged_by_half_of_each(
    line: tuple[Any, Machine], bundles: dict[str, Bundle], tmp_path: Path
) -> None:
    """Each reply's bundle, thresholds and margins fit together, and so does each record; every change is on record."""
    served, machine = line
    with BundleClient(served.target) as client:
        for number in range(CHANGES):
            if number % 3 == 2:
                client.roll_back(who="A", why=f"CC-{number}")
            else:
                (other,) = (one for one in bundles if one != client.bundles()[0].bundle_id)
                client.activate(other, who="A", why=f"CC-{number}")
    machine.enough.set()
    machine.join()
    assert machine.error is None
    assert {one.verdict for one in machine.inspections} == {pb.VERDICT_ACCEPT}
    assert {one.bundle_id for one in machine.inspections} == bundles.keys()
    for one in machine.inspections:
        assert told(one) == bundles[one.bundle_id].thresholds.values
    served.process.terminate()
    assert served.ended() == 0
    kept = on_record(tmp_path / "record")
    changes = [body.facts["bundle_id"] for body in kept if isinstance(body, Event) and body.kind == "bundle"]
    assert len(changes) == 1 + CHANGES
    strips = [body for body in kept if isinstance(body, StripRecord)]
    assert [one.strip_seq for one in strips] == list(range(1, len(machine.inspections) + 1))
    for one, answered in zip(strips, machine.inspections, strict=True):
        assert one.bundle_id == answered.bundle_id
        assert one.thresholds == tuple(bundles[one.bundle_id].thresholds.values.values())


@pytest.mark.parametrize("answered", range(1, 4))
def test_a_stop_in_the_middle_of_a_change_leaves_a_whole_record(
    line: tuple[Any, Machine], bundles: dict[str, Bundle], tmp_path: Path, answered: int
) -> None:
    """SIGTERM while one bundle takes over from another: exit 0, and each strip on record was judged by one of them."""
    served, machine = line
    changed = threading.Semaphore(0)

    def change() -> None:
        with BundleClient(served.target) as client, suppress(ServiceError):
            for number in count():
                (other,) = (one for one in bundles if one != client.bundles()[0].bundle_id)
                client.activate(other, who="A", why=f"CC-{number}")
                changed.release()

    changing = threading.Thread(target=change)
    changing.start()
    for _ in range(answered):
        assert changed.acquire(timeout=FAR_S)
    served.process.terminate()  # the next change has begun, or is about to
    assert served.ended() == 0
    changing.join(FAR_S)
    kept = on_record(tmp_path / "record")
    changes = [body for body in kept if isinstance(body, Event) and body.kind == "bundle"]
    assert len(changes) >= 1 + answered
    strips = {body.strip_seq: body for body in kept if isinstance(body, StripRecord)}
    assert {one.strip_seq for one in machine.inspections} <= strips.keys()
    for one in strips.values():
        assert one.bundle_id in bundles
        assert not one.thresholds or one.thresholds == tuple(bundles[one.bundle_id].thresholds.values.values())


def told(inspection: pb.Inspection) -> dict[str, float]:
    """Return the thresholds that a reply tells, all vials alike, whose margins fit them."""
    regions = [region for vial in inspection.vials for region in vial.regions]
    for region in regions:
        assert region.margin == pytest.approx(region.threshold - region.score)
    found = {region.name: region.threshold for region in regions}
    assert all(region.threshold == found[region.name] for region in regions)
    return found


def on_record(folder: Path) -> list[StripRecord | Event]:
    """Return what is on record, in its order."""
    reader = Reader(folder)
    try:
        assert reader.verify().fault is None
        return [kept.entry.body for kept in reader.find(Wanted())]
    finally:
        reader.close()
