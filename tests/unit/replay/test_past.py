"""Strips of the past: from a real journal and real pictures, and which of them cannot be compared."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stripsight.bundle import Bundle
from stripsight.checks import Finding
from stripsight.engine import Engine
from stripsight.errors import FrameIndexError, PixelFormatError, RecordError
from stripsight.frame import FrameData, PixelFormat, decode_strip
from stripsight.inspector import Inspector
from stripsight.journal.answers import Source, of_inspection, of_refusal
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import StripRecord
from stripsight.limits import CaptureLimits, FrozenLimits
from stripsight.pictures import form
from stripsight.pictures.folder import PictureFolder
from stripsight.replay.compare import Left
from stripsight.replay.past import Past, on_record
from stripsight.replay.run import Replayer, replay
from stripsight.strip import Inspection, StripHeader, StripRequest, late
from stripsight.verdict import Cause, rejected

FAR_S = 1e9


class Line:
    """A journal and pictures that a line leaves, strip by strip."""

    def __init__(self, folder: Path, bundle: Bundle, engine: Engine) -> None:
        self.journal = Journal(folder, Policy(), on_failure=self._failed)
        self.pictures = PictureFolder(folder / "pictures")
        self._bundle, self._engine, self._source = bundle, engine, Source(bundle, "cpu")

    def header(self, seq: int) -> StripHeader:
        """Name a strip."""
        return StripHeader(strip_id=f"S-{seq}", lot_id="L-1", strip_seq=seq)

    def judged(self, seq: int, frames: tuple[FrameData, ...]) -> Inspection:
        """Inspect a strip as the service does."""
        request = StripRequest(strip_id=f"S-{seq}", lot_id="L-1", strip_seq=seq, frames=frames)
        return Inspector(self._bundle, self._engine).inspect(request, FAR_S)

    def record(self, inspection: Inspection, frames: tuple[FrameData, ...] = ()) -> None:
        """Put a strip on record, and keep its frames."""
        key = StripHeader(strip_id=inspection.strip_id, lot_id=inspection.lot_id, strip_seq=inspection.strip_seq).key
        self.keep(of_inspection(key, inspection, self._source, 0.1))
        for frame in frames:
            self.pictures.write(hashlib.sha256(frame.data).hexdigest(), form.encoded(frame))

    def keep(self, record: StripRecord) -> None:
        """Commit one."""
        self.journal.strip(record).result()

    def refuse(self, seq: int) -> None:
        """Put a refused call on record."""
        self.keep(of_refusal(self.header(seq).key, PixelFormatError("expected MONO8"), self._source, 0.1))

    def past(self, wanted: Wanted = Wanted(kinds=("strip",))) -> list[Past | Left]:
        """Read it again."""
        reader = Reader(self.journal.folder)
        found = list(on_record(reader, self.pictures, wanted, self._bundle.recipe.product.name))
        reader.close()
        return found

    def _failed(self, error: RecordError) -> None:
        raise AssertionError(error)


@pytest.fixture
def line(tmp_path: Path, strip_bundle: Bundle, strip_engine: Engine) -> Iterator[Line]:
    """One without a strip."""
    line = Line(tmp_path, strip_bundle, strip_engine)
    yield line
    line.journal.close("OK")


Strip = Callable[..., tuple[FrameData, ...]]


def test_a_strip_comes_back_with_its_frames_and_its_answer(line: Line, strip: Strip, strip_bundle: Bundle) -> None:
    """In the order of the records, those that are wanted."""
    strips = [strip(strip_bundle.recipe, seed, seed == 104) for seed in (101, 104)]
    answers = [line.judged(seq, frames) for seq, frames in enumerate(strips)]
    for answer, frames in zip(answers, strips, strict=True):
        line.record(answer, frames)
    first, second = line.past()
    assert isinstance(first, Past) and isinstance(second, Past)
    assert (first.frames, second.frames) == tuple(strips)
    assert first.before is not None and second.before is not None
    assert (first.before.record_seq, second.before.record_seq) == (1, 2)
    assert first.before.judgement == answers[0].judgement
    (found,) = line.past(Wanted(kinds=("strip",), verdict="REJECT"))
    assert isinstance(found, Past)
    assert found.header == line.header(1)


def test_what_cannot_be_compared_says_why(line: Line, strip: Strip, strip_bundle: Bundle) -> None:
    """Refused, late before it was judged, seen in an earlier strip, wrong times, without pictures, another product."""
    frames = strip(strip_bundle.recipe, 101)
    digests = tuple(frame.digest for frame in decode_strip(frames, strip_bundle.recipe))
    line.refuse(1)
    line.record(late(line.header(2), strip_bundle.bundle_id, "cpu"))
    messages = "frame 7: the same bytes as in an earlier strip", "expected 3 capture times, found 0"
    for seq, message in enumerate(messages, 3):
        answer = late(line.header(seq), strip_bundle.bundle_id, "cpu")
        finding = Finding(Cause.IMAGE_QUALITY, message)
        fields = {"judgement": rejected(Cause.IMAGE_QUALITY), "findings": (finding,), "frame_digests": digests}
        line.record(Inspection(**(vars(answer) | fields)), frames)
    line.record(line.judged(5, strip(strip_bundle.recipe, 102)))
    key = line.header(6).key
    other = of_inspection(key, line.judged(6, frames), Source(strip_bundle, "cpu"), 0.1)
    line.keep(other.model_copy(update={"product": "other"}))
    assert Counter(line.past()) == Counter(
        [
            Left.REFUSED,
            Left.LATE,
            Left.NOT_IN_PICTURES,
            Left.NOT_IN_PICTURES,
            Left.NO_PICTURES,
            Left.OTHER_PRODUCT,
        ]
    )


def test_a_strip_is_tried_by_itself(line: Line, strip: Strip, strip_bundle: Bundle, strip_engine: Engine) -> None:
    """The same frames under other ids are no frozen camera here, no times are asked for, and any format is taken."""
    recipe = strip_bundle.recipe
    limits = {"frozen": FrozenLimits(remember_strips=5), "capture": CaptureLimits(span_max_ms=1)}
    only_png = recipe.frame.model_copy(update={"pixel_formats": (PixelFormat.PNG,)})
    checked = recipe.model_copy(update={"checks": recipe.checks.model_copy(update=limits), "frame": only_png})
    frames = strip(strip_bundle.recipe, 101)
    for seq in (1, 2):
        line.record(line.judged(seq, frames), frames)
    outcome = replay(line.past(), Replayer(replace(strip_bundle, recipe=checked), strip_engine))
    assert [(one.change, one.score_difference) for one in outcome.strips] == [("unchanged", 0.0)] * 2


def test_frames_of_another_product_are_refused(strip: Strip, strip_bundle: Bundle, strip_engine: Engine) -> None:
    """Rather than judged as if they were."""
    frames = tuple(FrameData(**(vars(frame) | {"index": frame.index + 1})) for frame in strip(strip_bundle.recipe, 101))
    past = Past(StripHeader(strip_id="S-1", lot_id="L-1", strip_seq=1), frames, None)
    with pytest.raises(FrameIndexError):
        Replayer(strip_bundle, strip_engine).inspect(past)
