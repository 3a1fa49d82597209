"""Strips through the real server: process, socket, protobuf and graph; both small products."""

import math
from collections.abc import Callable
from typing import Any

import cv2
import grpc
import numpy as np
import pytest
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, ServiceError, is_accept, regions_of
from stripsight.frame import FrameData, PixelFormat
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb

FAR_S = 60.0
SERVICE = "stripsight.inspection.v1.InspectionService"

Strip = Callable[..., tuple[FrameData, ...]]
Ask = Callable[..., Answer]
Connect = Callable[[str], Client]


@pytest.fixture
def client(strip_server: Any, connect: Connect) -> Client:
    """A client of the server with 60 patches."""
    return connect(strip_server.target)


@pytest.mark.parametrize("product", ["strip", "item"])
@pytest.mark.parametrize("defective", [False, True])
def test_a_strip_is_judged(
    product: str, defective: bool, request: pytest.FixtureRequest, connect: Connect, strip: Strip
) -> None:
    """A good strip is an accept; a speckle is a reject, in its vial, region and frame."""
    bundle: Bundle = request.getfixturevalue(f"{product}_bundle")
    client = connect(request.getfixturevalue(f"{product}_server").target)
    status = client.status()
    answer = client.inspect(
        strip(bundle.recipe, 101 if not defective else 104, defective),
        strip_id="S-17",
        lot_id="L-4",
        strip_seq=17 + defective,
        product=bundle.recipe.product.name,
        timeout_s=FAR_S,
    )
    reply = answer.reply.inspection
    assert (reply.strip_id, reply.lot_id, reply.strip_seq) == ("S-17", "L-4", 17 + defective)
    assert (reply.bundle_id, reply.provider) == (bundle.bundle_id, pb.PROVIDER_CPU)
    assert accepted(answer, status) is not defective
    rejected = [
        (vial.name, region.name, region.frame_index)
        for vial in reply.vials
        for region in vial.regions
        if not region.margin > 0
    ]
    last = bundle.recipe.patches[-1]
    assert rejected == ([(last.vial, last.region, last.frame)] if defective else [])
    assert list(reply.causes) == ([pb.CAUSE_ANOMALY] if defective else [])


def test_every_region_comes_with_score_threshold_and_margin(client: Client, ask: Ask, strip_bundle: Bundle) -> None:
    """All vials and regions in the recipe's order, the bundle's thresholds, and the margin between."""
    reply = ask(client).reply.inspection
    recipe = strip_bundle.recipe
    assert [vial.name for vial in reply.vials] == [vial.name for vial in recipe.vials]
    for vial in reply.vials:
        assert [region.name for region in vial.regions] == [region.name for region in recipe.regions]
        for region in vial.regions:
            assert region.threshold == strip_bundle.thresholds[region.name]
            assert math.isfinite(region.score)
            assert region.margin == region.threshold - region.score
            assert region.frame_index in recipe.frame.indices


def test_the_scores_do_not_depend_on_the_format(
    client: Client, ask: Ask, strip_bundle: Bundle, strip: Strip, as_sent: Callable[..., FrameData]
) -> None:
    """The same pixels as MONO8, PNG, MONO10 and MONO12, and in any order, give the same scores."""
    frames = strip(strip_bundle.recipe, 102)
    pixels = {frame.index: pixels_of(frame).astype(np.uint16) for frame in frames}
    variants = [
        frames[::-1],
        [as_sent(index, image.astype(np.uint8), PixelFormat.PNG) for index, image in pixels.items()],
        [as_sent(index, image << 2 | 3, PixelFormat.MONO10) for index, image in pixels.items()],
        [as_sent(index, image << 4 | 9, PixelFormat.MONO12) for index, image in pixels.items()],
    ]
    arguments: dict[str, Any] = {
        "strip_id": "S",
        "lot_id": "L-formats",
        "product": strip_bundle.recipe.product.name,
    }
    expected = client.inspect(frames, strip_seq=1, **arguments, timeout_s=FAR_S).reply.inspection.vials
    assert expected
    for number, variant in enumerate(variants, 2):
        reply = client.inspect(variant, strip_seq=number, **arguments, timeout_s=FAR_S).reply
        assert reply.inspection.vials == expected


def test_the_steps_that_ran_have_times(client: Client, ask: Ask) -> None:
    """Each step by its own word, none negative, together no longer than the whole."""
    times = ask(client).reply.inspection.stage_times
    steps = {field.name: value for field, value in times.ListFields() if field.name != "total_ms"}
    assert set(steps) == {"decode_ms", "check_ms", "crop_ms", "infer_ms", "judge_ms", "record_ms", "render_ms"}
    assert all(value >= 0 for value in steps.values())
    assert sum(steps.values()) <= times.total_ms


def test_frames_that_are_not_fit_are_a_reject_without_scores(client: Client, strip_bundle: Bundle) -> None:
    """Black frames: an OK reply, REJECT with IMAGE_QUALITY, the findings, no vials, and no inference."""
    recipe = strip_bundle.recipe
    black = np.zeros((recipe.frame.height_px, recipe.frame.width_px), np.uint8)
    reply = client.inspect(
        [black] * 3,
        indices=recipe.frame.indices,
        strip_id="S",
        lot_id="L",
        strip_seq=3,
        product=recipe.product.name,
        timeout_s=FAR_S,
    ).reply.inspection
    assert reply.verdict == pb.VERDICT_REJECT
    assert pb.CAUSE_IMAGE_QUALITY in reply.causes
    assert reply.findings
    assert not reply.vials
    assert not reply.stage_times.HasField("infer_ms")


@pytest.mark.parametrize(("which", "count"), [("none", 0), ("rejected", 1), ("all", 60)])
@pytest.mark.parametrize("style", ["anchored", "minmax"])
def test_the_heatmaps_asked_for_come_with_their_place(
    *, which: str, count: int, style: str, client: Client, ask: Ask, strip_bundle: Bundle
) -> None:
    """As many as asked for, the rejected patch first, each a PNG with opacity and its box in the frame."""
    reply = ask(client, seed=104, defective=True, heatmaps=which, style=style).reply.inspection
    assert (len(reply.heatmaps), reply.heatmaps_left_out) == (count, 0)
    if count:
        heatmap, place = reply.heatmaps[0], strip_bundle.recipe.patches[-1]
        assert (heatmap.frame_index, heatmap.vial, heatmap.region) == (place.frame, place.vial, place.region)
        box = place.box
        expected = pb.Box(left_px=box.left_px, top_px=box.top_px, right_px=box.right_px, bottom_px=box.bottom_px)
        assert heatmap.box == expected
        assert heatmap.style == pb.HeatmapStyle.Value(f"HEATMAP_STYLE_{style.upper()}")
        picture = cv2.imdecode(np.frombuffer(heatmap.png, np.uint8), cv2.IMREAD_UNCHANGED)
        assert picture is not None
        assert picture.shape == (32, 32, 4)


def test_what_is_not_said_about_heatmaps_means_rejected_and_anchored(
    client: Client, ask: Ask, strip_bundle: Bundle
) -> None:
    """A request without options gets those of the rejected patches, anchored."""
    request = ask(client, seed=104, defective=True).request
    request.ClearField("heatmaps")
    request.strip_id = "S-without-options"
    heatmaps = client.send(request, timeout_s=FAR_S).reply.inspection.heatmaps
    assert [heatmap.style for heatmap in heatmaps] == [pb.HEATMAP_STYLE_ANCHORED]


def test_the_status_tells_what_a_right_call_needs(client: Client, strip_bundle: Bundle) -> None:
    """Bundle, product, provider, readiness, slot and uptime; the heartbeat goes on by itself."""
    status, recipe = client.status(), strip_bundle.recipe
    assert (status.bundle_id, status.provider) == (strip_bundle.bundle_id, pb.PROVIDER_CPU)
    assert status.readiness == service_pb.READINESS_SERVING
    assert (status.slot_ms, status.product.name) == (60_000, recipe.product.name)
    assert (status.product.frame_width_px, status.product.frame_height_px) == (408, 144)
    assert tuple(status.product.frame_indices) == recipe.frame.indices
    assert [pb.PixelFormat.Name(number) for number in status.product.pixel_formats] == [
        f"PIXEL_FORMAT_{name}" for name in recipe.frame.pixel_formats
    ]
    assert len(regions_of(status.product)) == 20
    later = client.status()
    while later.heartbeat == status.heartbeat:
        later = client.status()
    assert later.heartbeat > status.heartbeat
    assert later.uptime_ms >= status.uptime_ms


def test_the_status_tells_where_regions_lie(client: Client, strip_bundle: Bundle) -> None:
    """A viewer can draw each region of each vial in its place, with its name for people."""
    recipe = strip_bundle.recipe
    expected = [(place.vial, place.region, place.box.left_px, place.box.bottom_px) for place in recipe.patches[:20]]
    places = client.status().product.places
    assert [(place.vial, place.region, place.box.left_px, place.box.bottom_px) for place in places] == expected
    assert [place.region_title for place in places[:4]] == ["flag", "top body", "liquid body", "bottom"]


def test_reflection_and_health_are_the_standard_services(strip_server: Any) -> None:
    """Tools list the services and read their messages; health says SERVING for all and for the service."""
    target = strip_server.target
    with grpc.insecure_channel(target) as channel:
        listed = ProtoReflectionDescriptorDatabase(channel)
        services = set(listed.get_services())
        assert services == {
            *(f"stripsight.inspection.v1.{name}Service" for name in ("Inspection", "Record", "Lot", "Bundle")),
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        }
        file = listed.FindFileContainingSymbol(SERVICE)
        assert isinstance(file, descriptor_pb2.FileDescriptorProto)
        assert [method.name for method in file.service[0].method] == ["InspectStrip", "InspectFrames", "GetStatus"]
        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", SERVICE):
            reply = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=FAR_S)
            assert reply.status == health_pb2.HealthCheckResponse.SERVING


def test_a_wrong_call_surfaces_as_a_clear_exception_and_costs_nothing(client: Client, ask: Ask) -> None:
    """ServiceError with code, reason, facts and fields; the next strip is judged as ever."""
    with pytest.raises(ServiceError) as refused:
        ask(client, product="one-item")
    error = refused.value
    assert (error.code, error.reason) == ("INVALID_ARGUMENT", "PRODUCT_MISMATCH")
    assert [field for field, _ in error.violations] == ["product"]
    assert error.facts["expected"] == "small-5x4"
    assert str(error).startswith("PRODUCT_MISMATCH: product")
    assert accepted(ask(client), client.status())


def test_hostile_text_is_never_logged_raw(strip_server: Any, client: Client, ask: Ask) -> None:
    """Ids that forge a line or paint the terminal are refused, and no line of the log holds them."""
    for hostile in ("S-1\nforged", "\x1b[31mred", "S" * 1_000_000):
        with pytest.raises(ServiceError) as refused:
            ask(client, strip_id=hostile)
        assert refused.value.reason == "ID_INVALID"
    lines: list[dict[str, object]] = strip_server.lines
    ask(client, strip_id="after-the-hostile")
    while not any(line.get("strip_id") == "after-the-hostile" for line in list(lines)):
        client.status()
    text = [str(value) for line in list(lines) for value in line.values()]
    assert not any("\n" in value or "\x1b" in value or len(value) > 400 for value in text)


def test_a_deadline_that_has_all_but_passed_is_no_accept(client: Client, ask: Ask) -> None:
    """The call ends with DEADLINE_EXCEEDED, whichever side notices first, and the server goes on."""
    with pytest.raises(ServiceError) as refused:
        ask(client, timeout_s=0.001)
    assert refused.value.code == "DEADLINE_EXCEEDED"
    assert accepted(ask(client), client.status())


def accepted(answer: Answer, status: service_pb.GetStatusResponse) -> bool:
    """Ask the predicate with what the service says about itself."""
    return is_accept(
        answer.request,
        answer.reply,
        bundle_id=status.bundle_id,
        regions=regions_of(status.product),
        elapsed_s=answer.elapsed_s,
        slot_s=status.slot_ms / 1000,
    )


def pixels_of(frame: FrameData) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Return the pixels of a MONO8 frame."""
    return np.frombuffer(frame.data, np.uint8).reshape(frame.height_px, frame.width_px)
