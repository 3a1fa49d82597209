"""Frames on their way from an answer to the disk, past a line that must not wait."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from stripsight.errors import NotReady
from stripsight.frame import FrameData
from stripsight.metrics.pictures import PictureMetrics
from stripsight.pictures.choice import Choice
from stripsight.pictures.folder import PictureFolder
from stripsight.pictures.keeper import PictureKeeper
from stripsight.pictures.store import Limits, PictureStore
from stripsight.recipe import Recipe
from stripsight.strip import Inspection, StripHeader, late
from stripsight.verdict import Cause, Judgement, Verdict, rejected

FAR_S = 60.0


class Bench:
    """A keeper over a real folder, and strips for it."""

    def __init__(self, folder: Path, frames: Callable[[int], tuple[FrameData, ...]]) -> None:
        self.folder = PictureFolder(folder)
        self.registry = CollectorRegistry()
        self._frames = frames
        self._seqs = 0

    def keeper(
        self, beside: Callable[[Callable[[], bytes]], bytes] = lambda work: work(), sample: float = 0.0, **more: Any
    ) -> PictureKeeper:
        """Start one."""
        store, choice = PictureStore(self.folder, Limits(days=1, bytes=10**9)), Choice(sample, 1)
        return PictureKeeper(store, choice, PictureMetrics(self.registry), beside=beside, **more)

    def strip(self, verdict: Verdict = Verdict.REJECT) -> tuple[Inspection, tuple[FrameData, ...]]:
        """Return the next strip as it was answered, and its frames as they were sent, the last index first."""
        self._seqs += 1
        frames = self._frames(self._seqs)
        header = StripHeader(strip_id="S-1", lot_id="L-1", strip_seq=self._seqs)
        judgement = rejected(Cause.ANOMALY) if verdict is Verdict.REJECT else Judgement(verdict, ())
        digests = tuple(hashlib.sha256(frame.data).hexdigest() for frame in frames)
        return replace(late(header, "", ""), judgement=judgement, frame_digests=digests), frames[::-1]

    def kept(self, strip: tuple[Inspection, tuple[FrameData, ...]]) -> bool:
        """Tell whether every frame is there as it was sent."""
        inspection, frames = strip
        found = [
            self.folder.frame(index, digest) for index, digest in zip((0, 7, 15), inspection.frame_digests, strict=True)
        ]
        return found == list(frames[::-1])

    def count(self, name: str, **labels: str) -> float | None:
        """Return a sample."""
        return self.registry.get_sample_value(f"stripsight_pictures_{name}", labels)


@pytest.fixture
def bench(tmp_path: Path, strip_recipe: Recipe, strip: Callable[..., tuple[FrameData, ...]]) -> Bench:
    """An empty folder."""
    return Bench(tmp_path / "pictures", lambda seed: strip(strip_recipe, seed))


def hand(keeper: PictureKeeper, strip: tuple[Inspection, tuple[FrameData, ...]]) -> None:
    """Tell the keeper of a strip as the station does."""
    keeper.answered(strip[0], lambda: strip[1])


def test_the_frames_of_a_reject_are_kept_and_those_of_an_accept_are_not(bench: Bench) -> None:
    """Under the digests of the answer, whichever order they came in; counted with their bytes."""
    keeper = bench.keeper()
    bad, good = bench.strip(), bench.strip(Verdict.ACCEPT)
    hand(keeper, bad)
    hand(keeper, good)
    assert keeper.close(FAR_S)
    assert (bench.kept(bad), bench.kept(good)) == (True, False)
    assert bench.count("written_total") == 3
    assert bench.count("bytes") == sum(path.stat().st_size for path in bench.folder.path.glob("*/*.png"))


def test_an_accept_of_the_sample_is_kept(bench: Bench) -> None:
    """Here the sample is all of them."""
    keeper, good = bench.keeper(sample=1.0), bench.strip(Verdict.ACCEPT)
    hand(keeper, good)
    assert keeper.close(FAR_S)
    assert bench.kept(good)


def test_an_answer_never_waits_for_pictures(bench: Bench) -> None:
    """With the line busy strips wait in a short queue; what has no place there is dropped, counted, and not missed."""
    idle, begun = threading.Event(), threading.Event()

    def beside(work: Callable[[], bytes]) -> bytes:
        begun.set()
        assert idle.wait(FAR_S)
        return work()

    keeper = bench.keeper(beside, strips_max=1)
    strips = [bench.strip() for _ in range(3)]
    hand(keeper, strips[0])
    assert begun.wait(FAR_S)
    hand(keeper, strips[1])
    hand(keeper, strips[2])
    assert not list(bench.folder.path.glob("*/*.png"))
    assert bench.count("dropped_total", reason="queue") == 3
    idle.set()
    assert keeper.close(FAR_S)
    assert [bench.kept(strip) for strip in strips] == [True, True, False]


def test_every_piece_of_work_goes_beside_the_strips(bench: Bench) -> None:
    """What is made of a frame is what the lane allowed, piece by piece."""
    made = []

    def beside(work: Callable[[], bytes]) -> bytes:
        made.append(work())
        return made[-1]

    keeper, strip = bench.keeper(beside), bench.strip()
    hand(keeper, strip)
    assert keeper.close(FAR_S)
    assert len(made) > 3 * 3
    assert sum(map(len, made)) == bench.count("bytes")


def test_the_end_of_the_line_does_not_cost_the_last_pictures(bench: Bench) -> None:
    """Once no strip comes any more they are written at once."""

    def beside(work: Callable[[], bytes]) -> bytes:
        raise NotReady("the service is about to stop")

    keeper, strip = bench.keeper(beside), bench.strip()
    hand(keeper, strip)
    assert keeper.close(FAR_S)
    assert bench.kept(strip)


def test_an_end_that_cannot_wait_leaves_the_rest(bench: Bench) -> None:
    """A line that is stuck does not hold up the stop."""
    stuck = threading.Event()

    def beside(work: Callable[[], bytes]) -> bytes:
        assert stuck.wait(FAR_S)
        return work()

    keeper = bench.keeper(beside)
    hand(keeper, bench.strip())
    assert not keeper.close(0.0)
    stuck.set()
    assert keeper.close(FAR_S)


def test_without_room_pictures_are_dropped(bench: Bench) -> None:
    """And counted as that."""
    keeper = bench.keeper(may_write=lambda: False)
    strip = bench.strip()
    hand(keeper, strip)
    assert keeper.close(FAR_S)
    assert (bench.kept(strip), bench.count("dropped_total", reason="disk")) == (False, 3)


def test_a_frame_without_a_digest_on_record_is_not_kept(bench: Bench) -> None:
    """Of a strip that was late before it was decoded: nobody could find it again."""
    keeper = bench.keeper()
    inspection, frames = bench.strip()
    hand(keeper, (replace(inspection, frame_digests=()), frames))
    assert keeper.close(FAR_S)
    assert bench.count("dropped_total", reason="unnamed") == 3


def test_a_picture_that_cannot_be_written_is_counted_and_the_next_one_tried(bench: Bench) -> None:
    """Something else lies where the first frame's directory should be."""
    strip = bench.strip()
    bench.folder.path.mkdir()
    (bench.folder.path / strip[0].frame_digests[0][:2]).write_bytes(b"")
    keeper = bench.keeper()
    hand(keeper, strip)
    assert keeper.close(FAR_S)
    assert (bench.count("dropped_total", reason="error"), bench.count("written_total")) == (1, 2)


def test_every_series_is_there_from_the_start(bench: Bench) -> None:
    """At zero, so that the first picture that is dropped can be seen to be one."""
    assert bench.keeper().close(FAR_S)
    dropped = [bench.count("dropped_total", reason=reason) for reason in ("disk", "queue", "unnamed", "error")]
    assert [*dropped, bench.count("written_total"), bench.count("bytes")] == [0] * 6
