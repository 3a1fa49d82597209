"""Messages to values and back. Enums go by name: a missing counterpart fails at import, not in a call."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from stripsight.arrivals import Opening, Part
from stripsight.checks import Finding
from stripsight.errors import (
    HeaderError,
    IdInvalid,
    InvalidRequest,
    OptionsInvalid,
    PixelFormatError,
    ProductMismatch,
)
from stripsight.frame import FrameData
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.recipe import PixelFormat, Recipe
from stripsight.status import Readiness, Status
from stripsight.strip import (
    Heatmap,
    HeatmapOptions,
    HeatmapStyle,
    HeatmapWhich,
    Inspection,
    RejectedEarly,
    StripHeader,
    StripKey,
    StripRequest,
)
from stripsight.verdict import Cause, RegionResult, Verdict

_PIXEL_FORMATS = {pb.PixelFormat.Value(f"PIXEL_FORMAT_{member}"): member for member in PixelFormat}
_WHICH = {pb.HeatmapWhich.Value(f"HEATMAP_WHICH_{member.name}"): member for member in HeatmapWhich}
_STYLES = {pb.HeatmapStyle.Value(f"HEATMAP_STYLE_{member.name}"): member for member in HeatmapStyle}
_STYLE_NUMBERS = {member: number for number, member in _STYLES.items()}
_CAUSES = {member: pb.Cause.Value(f"CAUSE_{member}") for member in Cause}
_VERDICTS = {member: pb.Verdict.Value(f"VERDICT_{member}") for member in Verdict}
_READINESS = {member: service_pb.Readiness.Value(f"READINESS_{member}") for member in Readiness}
_PROVIDERS = {"": pb.PROVIDER_UNSPECIFIED, "cpu": pb.PROVIDER_CPU, "cuda": pb.PROVIDER_CUDA}
_SEQ_MAX = 2**63 - 1  # what a database's signed integer holds


def strip_key(message: service_pb.InspectStripRequest | service_pb.StripHeader) -> StripKey:
    """Read which strip it is about. Raises IdInvalid."""
    if not 1 <= message.strip_seq <= _SEQ_MAX:
        raise IdInvalid(
            f"strip_seq: expected 1 to 2^63 - 1, found {message.strip_seq}",
            field="strip_seq",
            found=message.strip_seq,
        )
    return StripKey(message.lot_id, message.strip_id, message.strip_seq, message.simulated)


def strip_request(message: service_pb.InspectStripRequest) -> StripRequest:
    """Read a request whose key is right. Raises an InvalidRequest that names the field."""
    fields = _header(message)
    frames = tuple(_frame(frame, f"frames[{position}]") for position, frame in enumerate(message.frames))
    return StripRequest(frames=frames, **fields)


def strip_header(message: service_pb.StripHeader) -> StripHeader:
    """Read a header whose key is right. Raises an InvalidRequest that names the field."""
    return StripHeader(**_header(message))


def stream_part(message: service_pb.InspectFramesRequest, position: int) -> Part:
    """Read message `position` of a stream, the header being number 0. Raises an InvalidRequest that names the field."""
    part = message.WhichOneof("part")
    if part == "header":
        return Opening(strip_key(message.header), partial(strip_header, message.header))
    if part == "frame":
        return _frame(message.frame, f"frames[{position - 1}]")
    if position == 0:
        raise HeaderError("expected a header as the first message, found an empty one", field="header", found="nothing")
    raise InvalidRequest(f"message {position}: expected a frame, found an empty one", field="part")


def inspect_strip_response(inspection: Inspection) -> service_pb.InspectStripResponse:
    """Write the reply."""
    return service_pb.InspectStripResponse(inspection=_inspection(inspection))


def inspect_frames_response(answer: RejectedEarly | Inspection) -> service_pb.InspectFramesResponse:
    """Write one of a stream's answers."""
    if isinstance(answer, Inspection):
        return service_pb.InspectFramesResponse(inspection=_inspection(answer))
    return service_pb.InspectFramesResponse(
        rejected_early=pb.RejectedEarly(
            frame_index=answer.frame,
            causes=[_CAUSES[cause] for cause in answer.causes],
            findings=_findings(answer.findings),
            regions=[
                pb.RejectedRegion(vial=one.vial, region=one.region, score=one.score, threshold=one.threshold)
                for one in answer.regions
            ],
        )
    )


def get_status_response(status: Status) -> service_pb.GetStatusResponse:
    """Write the status."""
    return service_pb.GetStatusResponse(
        bundle_id=status.bundle.bundle_id,
        product=_product(status.bundle.recipe),
        provider=_PROVIDERS[status.provider],
        readiness=_READINESS[status.readiness],
        readiness_reason=status.reason,
        heartbeat=status.heartbeat,
        slot_ms=round(status.slot_s * 1000),
        uptime_ms=round(status.uptime_s * 1000),
    )


def _header(message: service_pb.InspectStripRequest | service_pb.StripHeader) -> dict[str, Any]:
    """Return the fields of a StripHeader."""
    if not message.product:
        raise ProductMismatch("product: expected the name of the product on the machine, found none", field="product")
    return {
        "strip_id": message.strip_id,
        "lot_id": message.lot_id,
        "strip_seq": message.strip_seq,
        "heatmaps": _heatmap_options(message.heatmaps),
        "product": message.product,
        "simulated": message.simulated,
    }


def _frame(message: pb.Frame, field: str) -> FrameData:
    pixel_format = _PIXEL_FORMATS.get(message.pixel_format)
    if pixel_format is None:
        names = ", ".join(_PIXEL_FORMATS.values())
        raise PixelFormatError(
            f"{field}: expected one of the formats {names}, found number {message.pixel_format}",
            field=f"{field}.pixel_format",
            expected=names,
            found=message.pixel_format,
        )
    return FrameData(
        index=message.index,
        data=message.data,
        pixel_format=pixel_format,
        width_px=message.width_px,
        height_px=message.height_px,
        crc32c=message.crc32c,
        capture_time=_capture_time(message, f"{field}.capture_time"),
    )


def _capture_time(message: pb.Frame, field: str) -> datetime | None:
    if not message.HasField("capture_time"):
        return None
    try:
        return message.capture_time.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise OptionsInvalid(f"{field}: expected a time in the years 1 to 9999, found none", field=field) from error


def _heatmap_options(message: pb.HeatmapOptions) -> HeatmapOptions:
    which = _WHICH.get(message.which or pb.HEATMAP_WHICH_REJECTED)
    style = _STYLES.get(message.style or pb.HEATMAP_STYLE_ANCHORED)
    if which is None:
        raise OptionsInvalid(f"heatmaps.which: found unknown number {message.which}", field="heatmaps.which")
    if style is None:
        raise OptionsInvalid(f"heatmaps.style: found unknown number {message.style}", field="heatmaps.style")
    return HeatmapOptions(which=which, style=style)


def _inspection(inspection: Inspection) -> pb.Inspection:
    return pb.Inspection(
        strip_id=inspection.strip_id,
        lot_id=inspection.lot_id,
        strip_seq=inspection.strip_seq,
        verdict=_VERDICTS[inspection.judgement.verdict],
        causes=[_CAUSES[cause] for cause in inspection.judgement.causes],
        findings=_findings(inspection.findings),
        vials=[
            pb.Vial(name=vial.vial, regions=[_region(region) for region in vial.regions])
            for vial in inspection.judgement.vials
        ],
        heatmaps=[_heatmap(heatmap) for heatmap in inspection.heatmaps],
        heatmaps_left_out=inspection.heatmaps_left_out,
        stage_times=_stage_times(inspection),
        bundle_id=inspection.bundle_id,
        provider=_PROVIDERS[inspection.provider],
        record_seq=inspection.record_seq,
        record_hash=inspection.record_hash,
    )


def _findings(findings: Iterable[Finding]) -> list[pb.Finding]:
    return [
        pb.Finding(cause=_CAUSES[finding.cause], frame_index=finding.frame_index, message=finding.message)
        for finding in findings
    ]


def _region(result: RegionResult) -> pb.Region:
    return pb.Region(
        name=result.region,
        score=result.score,
        threshold=result.threshold,
        margin=result.margin,
        frame_index=result.frame,
    )


def _heatmap(heatmap: Heatmap) -> pb.Heatmap:
    place = heatmap.place
    return pb.Heatmap(
        frame_index=place.frame,
        vial=place.vial,
        region=place.region,
        box=pb.Box(
            left_px=place.box.left_px,
            top_px=place.box.top_px,
            right_px=place.box.right_px,
            bottom_px=place.box.bottom_px,
        ),
        style=_STYLE_NUMBERS[heatmap.style],
        png=heatmap.png,
    )


def _stage_times(inspection: Inspection) -> pb.StageTimes:
    steps = {f"{stage}_ms": seconds * 1000 for stage, seconds in inspection.stages.items()}
    return pb.StageTimes(**steps, total_ms=inspection.total_s * 1000)


def _product(recipe: Recipe) -> service_pb.Product:
    formats = {member: number for number, member in _PIXEL_FORMATS.items()}
    return service_pb.Product(
        name=recipe.product.name,
        title=recipe.product.title,
        frame_width_px=recipe.frame.width_px,
        frame_height_px=recipe.frame.height_px,
        frame_indices=recipe.frame.indices,
        pixel_formats=[formats[member] for member in recipe.frame.pixel_formats],
        vials=[vial.name for vial in recipe.vials],
        regions=[region.name for region in recipe.regions],
    )
