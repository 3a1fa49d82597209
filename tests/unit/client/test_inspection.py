"""The accept predicate, field by field, and frames as the client writes them."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import google_crc32c
import numpy as np
import pytest

from stripsight.client import frame_message, is_accept, png_message, regions_of
from stripsight.frame import FrameData, PixelFormat
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb

BUNDLE = "b" * 64
PRODUCT = service_pb.Product(vials=["V1", "V2"], regions=["R0", "R1"])
SLOT_S = 0.5

Request = service_pb.InspectStripRequest
Reply = service_pb.InspectStripResponse
Change = Callable[[Request, Reply], object]


def a_request() -> Request:
    """Three frames of one strip."""
    return Request(
        strip_id="S-1",
        lot_id="L-1",
        strip_seq=7,
        product="two-by-two",
        frames=[pb.Frame(index=index) for index in (0, 7, 15)],
    )


def an_accept() -> Reply:
    """Everything as it must be."""
    score, threshold = 0.01, 0.03
    vials = [
        pb.Vial(
            name=vial,
            regions=[
                pb.Region(name=region, score=score, threshold=threshold, margin=threshold - score, frame_index=7)
                for region in PRODUCT.regions
            ],
        )
        for vial in PRODUCT.vials
    ]
    return Reply(
        inspection=pb.Inspection(
            strip_id="S-1",
            lot_id="L-1",
            strip_seq=7,
            verdict=pb.VERDICT_ACCEPT,
            vials=vials,
            stage_times=pb.StageTimes(infer_ms=80, total_ms=90),
            bundle_id=BUNDLE,
            provider=pb.PROVIDER_CPU,
            record_seq=12,
            record_hash=bytes(32),
        )
    )


def verdict_on(request: Request, reply: Reply | None, **changed: Any) -> bool:
    """Ask the predicate, with `changed` arguments."""
    arguments: dict[str, Any] = {
        "bundle_id": BUNDLE,
        "regions": regions_of(PRODUCT),
        "elapsed_s": 0.1,
        "slot_s": SLOT_S,
    }
    return is_accept(request, reply, **(arguments | changed))


def change(path: str, value: object) -> Change:
    """Return what sets the field at `path`, such as "reply.inspection.vials.0.name", to `value`."""

    def apply(request: Request, reply: Reply) -> None:
        *parents, last = path.split(".")
        at: Any = {"request": request, "reply": reply}
        for name in parents:
            at = at[int(name)] if name.isdecimal() else at[name] if isinstance(at, dict) else getattr(at, name)
        setattr(at, last, value)

    return apply


def scored(score: float, threshold: float) -> Change:
    """Return what gives a region this score and threshold, and the margin between them."""

    def apply(_: Request, reply: Reply) -> None:
        region = reply.inspection.vials[1].regions[0]
        region.score, region.threshold, region.margin = score, threshold, threshold - score

    return apply


INSPECTION = "reply.inspection"
REGION = f"{INSPECTION}.vials.1.regions.0"
REJECTED: dict[str, Change] = {
    "no inspection": lambda _, reply: reply.ClearField("inspection"),
    "another strip": change(f"{INSPECTION}.strip_id", "S-2"),
    "no strip": change(f"{INSPECTION}.strip_id", ""),
    "another lot": change(f"{INSPECTION}.lot_id", "L-2"),
    "another number": change(f"{INSPECTION}.strip_seq", 8),
    "no verdict": change(f"{INSPECTION}.verdict", pb.VERDICT_UNSPECIFIED),
    "a reject": change(f"{INSPECTION}.verdict", pb.VERDICT_REJECT),
    "an unknown verdict": change(f"{INSPECTION}.verdict", 99),
    "a cause": lambda _, reply: reply.inspection.causes.append(pb.CAUSE_LATE),
    "an unknown cause": lambda _, reply: reply.inspection.MergeFromString(b"\x28\x63"),  # 5: 99
    "a finding": lambda _, reply: reply.inspection.findings.add(cause=pb.CAUSE_IMAGE_QUALITY),
    "no vials": lambda _, reply: reply.inspection.ClearField("vials"),
    "a vial too few": lambda _, reply: reply.inspection.vials.pop(),
    "a vial too many": lambda _, reply: reply.inspection.vials.append(reply.inspection.vials[0]),
    "another vial": change(f"{INSPECTION}.vials.0.name", "V9"),
    "a vial twice": change(f"{INSPECTION}.vials.0.name", "V2"),
    "a vial without regions": lambda _, reply: reply.inspection.vials[0].ClearField("regions"),
    "a region too few": lambda _, reply: reply.inspection.vials[0].regions.pop(),
    "a region twice": change(f"{REGION}.name", "R1"),
    "another region": change(f"{REGION}.name", "R9"),
    "a score at the threshold": change(f"{REGION}.score", 0.03),
    "a score above the threshold": change(f"{REGION}.score", 0.04),
    "a score that is no number": change(f"{REGION}.score", math.nan),
    "a score of infinity": change(f"{REGION}.score", math.inf),
    "a score of minus infinity": change(f"{REGION}.score", -math.inf),
    "a score that the margin does not fit": change(f"{REGION}.score", 0.02),
    "a score of minus infinity with its margin": scored(-math.inf, 0.03),
    "a score above the threshold with its margin": scored(0.04, 0.03),
    "a score at the threshold with its margin": scored(0.03, 0.03),
    "a threshold of infinity with its margin": scored(0.01, math.inf),
    "a threshold below 0 with its margin": scored(-0.02, -0.01),
    "no threshold": change(f"{REGION}.threshold", 0),
    "a threshold that is no number": change(f"{REGION}.threshold", math.nan),
    "a threshold of infinity": change(f"{REGION}.threshold", math.inf),
    "a threshold that the margin does not fit": change(f"{REGION}.threshold", 0.04),
    "no margin": change(f"{REGION}.margin", 0),
    "a negative margin": change(f"{REGION}.margin", -0.02),
    "a margin that is no number": change(f"{REGION}.margin", math.nan),
    "another margin": change(f"{REGION}.margin", 0.021),
    "a frame that was not sent": change(f"{REGION}.frame_index", 8),
    "no times": lambda _, reply: reply.inspection.ClearField("stage_times"),
    "a time that is no number": change(f"{INSPECTION}.stage_times.total_ms", math.nan),
    "a time longer than the call": change(f"{INSPECTION}.stage_times.total_ms", 101),
    "a negative time": change(f"{INSPECTION}.stage_times.total_ms", -1),
    "no record": change(f"{INSPECTION}.record_seq", 0),
    "no hash": change(f"{INSPECTION}.record_hash", b""),
    "a hash too short": change(f"{INSPECTION}.record_hash", bytes(31)),
    "a hash too long": change(f"{INSPECTION}.record_hash", bytes(33)),
    "another bundle": change(f"{INSPECTION}.bundle_id", "c" * 64),
    "no bundle": change(f"{INSPECTION}.bundle_id", ""),
    "no provider": change(f"{INSPECTION}.provider", pb.PROVIDER_UNSPECIFIED),
    "an unknown provider": change(f"{INSPECTION}.provider", 99),
    "asked for another strip": change("request.strip_id", "S-2"),
    "asked for another lot": change("request.lot_id", "L-2"),
    "asked for another number": change("request.strip_seq", 8),
    "asked with other frames": lambda request, _: request.ClearField("frames"),
    "ids that are empty on both sides": lambda request, reply: (
        change("request.strip_id", "")(request, reply),
        change(f"{INSPECTION}.strip_id", "")(request, reply),
    ),
}


def test_a_reply_that_is_all_it_must_be_is_an_accept() -> None:
    """The row that every other row of the table changes in one place."""
    assert verdict_on(a_request(), an_accept()) is True


@pytest.mark.parametrize("name", REJECTED)
def test_one_thing_wrong_is_a_reject(name: str) -> None:
    """Any single field that is missing, another's or out of range makes it a reject."""
    request, reply = a_request(), an_accept()
    REJECTED[name](request, reply)
    assert verdict_on(request, reply) is False


def test_every_field_of_a_reply_is_in_the_table() -> None:
    """A field added to the reply has to be thought about here before it can pass unseen."""
    considered: dict[Any, set[str]] = {
        pb.Inspection: {
            *("strip_id", "lot_id", "strip_seq", "verdict", "causes", "findings", "vials", "stage_times"),
            *("bundle_id", "provider", "record_seq", "record_hash"),
            *("heatmaps", "heatmaps_left_out"),  # pictures for people: an accept may come with any
        },
        pb.Vial: {"name", "regions"},
        pb.Region: {"name", "score", "threshold", "margin", "frame_index"},
    }
    for message, fields in considered.items():
        assert {field.name for field in message.DESCRIPTOR.fields} == fields


def test_no_reply_is_a_reject() -> None:
    """Neither a failed call nor an empty message is an accept."""
    assert verdict_on(a_request(), None) is False
    assert verdict_on(a_request(), Reply()) is False
    assert verdict_on(Request(), Reply()) is False


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("bundle_id", ""),
        ("bundle_id", "c" * 64),
        ("regions", []),
        ("regions", [("V1", "R0")]),
        ("regions", [*regions_of(PRODUCT), ("V3", "R0")]),
        ("elapsed_s", SLOT_S),
        ("elapsed_s", 2.0),
        ("elapsed_s", math.nan),
        ("elapsed_s", -0.1),
        ("slot_s", math.nan),
        ("slot_s", 0.0),
    ],
)
def test_another_expectation_is_a_reject(argument: str, value: object) -> None:
    """The bundle, the regions and the time that the caller expects all count."""
    assert verdict_on(a_request(), an_accept(), **{argument: value}) is False


@pytest.mark.parametrize(("call_s", "accepts"), [(0.4, True), (0.0901, True), (0.0899, False), (math.nan, False)])
def test_a_streamed_strip_may_have_been_worked_on_before_its_last_frame(call_s: float, accepts: bool) -> None:
    """Its steps are held against the whole call, and only the time since the last frame against the slot."""
    assert verdict_on(a_request(), an_accept(), elapsed_s=0.05, call_s=call_s) is accepts
    assert verdict_on(a_request(), an_accept(), elapsed_s=SLOT_S, call_s=call_s) is False


def test_expecting_nothing_is_no_way_to_an_accept() -> None:
    """An expectation that is empty is not met by a reply that is empty in the same place."""
    reply = an_accept()
    reply.inspection.bundle_id = ""
    assert verdict_on(a_request(), reply, bundle_id="") is False
    reply = an_accept()
    reply.inspection.ClearField("vials")
    assert verdict_on(a_request(), reply, regions=[]) is False


def test_the_order_of_vials_does_not_matter() -> None:
    """What counts is that each is there once."""
    reply = an_accept()
    first = reply.inspection.vials.pop(0)
    reply.inspection.vials.append(first)
    assert verdict_on(a_request(), reply) is True


def test_an_array_is_sent_as_mono8() -> None:
    """Row by row, with size, index and the digest of its bytes; also out of a slice."""
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)[:, ::2]
    message = frame_message(pixels, (0, 7), 1)
    assert message.data == pixels.tobytes()
    assert (message.index, message.width_px, message.height_px) == (7, 3, 4)
    assert message.pixel_format == pb.PIXEL_FORMAT_MONO8
    assert message.crc32c == google_crc32c.value(pixels.tobytes())


@pytest.mark.parametrize(
    "pixels", [np.zeros((2, 2), np.uint16), np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.float32)]
)
def test_an_array_of_another_kind_is_refused(pixels: np.ndarray[Any, Any]) -> None:
    """Nothing is converted in silence."""
    with pytest.raises(ValueError, match=r"expected uint8 \[H, W\], found"):
        frame_message(pixels, (0,), 0)


def test_an_array_without_an_index_is_refused() -> None:
    """The index is never guessed."""
    with pytest.raises(ValueError, match="as many indices as frames"):
        frame_message(np.zeros((2, 2), np.uint8), (0,), 1)


def test_a_frame_is_sent_as_it_is() -> None:
    """Every field of a FrameData arrives, its capture time in UTC."""
    local = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    frame = FrameData(15, b"\1\2\3\4", PixelFormat.MONO12, 2, 1, 0xDEADBEEF, local)
    message = frame_message(frame, (), 0)
    assert (message.index, message.data, message.width_px, message.height_px) == (15, b"\1\2\3\4", 2, 1)
    assert (message.pixel_format, message.crc32c) == (pb.PIXEL_FORMAT_MONO12, 0xDEADBEEF)
    assert message.capture_time.ToJsonString() == "2026-03-01T10:30:00Z"


def test_a_png_is_sent_with_the_size_in_its_header() -> None:
    """Only what begins as a PNG does is one."""
    header = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (640).to_bytes(4) + (480).to_bytes(4)
    message = png_message(3, header)
    assert (message.index, message.width_px, message.height_px) == (3, 640, 480)
    assert (message.pixel_format, message.data) == (pb.PIXEL_FORMAT_PNG, header)
    for data in (b"", header[:20], b"\xff\xd8\xff" + header):
        with pytest.raises(ValueError, match="expected a PNG"):
            png_message(3, data)
