"""Values to messages. Enums go by name: a missing counterpart fails at import, not in a call."""

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from stripsight.access.roles import Access
from stripsight.alarms import Alarm
from stripsight.checks import Finding
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.recipe import Box, PixelFormat, Recipe
from stripsight.rpc.write_lot import lot_message
from stripsight.status import Readiness, Status
from stripsight.strip import Heatmap, HeatmapStyle, Inspection, RejectedEarly
from stripsight.verdict import Cause, RegionResult, Verdict

_PIXEL_FORMATS = {member: pb.PixelFormat.Value(f"PIXEL_FORMAT_{member}") for member in PixelFormat}
_STYLES = {member: pb.HeatmapStyle.Value(f"HEATMAP_STYLE_{member.name}") for member in HeatmapStyle}
_CAUSES = {member: pb.Cause.Value(f"CAUSE_{member}") for member in Cause}
_VERDICTS = {member: pb.Verdict.Value(f"VERDICT_{member}") for member in Verdict}
_READINESS = {member: service_pb.Readiness.Value(f"READINESS_{member}") for member in Readiness}
PROVIDERS = {
    "": pb.PROVIDER_UNSPECIFIED,
    "cpu": pb.PROVIDER_CPU,
    "cuda": pb.PROVIDER_CUDA,
    "tensorrt": pb.PROVIDER_TENSORRT,
}


def inspect_strip_response(inspection: Inspection) -> service_pb.InspectStripResponse:
    """Write the reply."""
    return service_pb.InspectStripResponse(inspection=inspection_message(inspection))


def inspect_frames_response(answer: RejectedEarly | Inspection) -> service_pb.InspectFramesResponse:
    """Write one of a stream's answers."""
    if isinstance(answer, Inspection):
        return service_pb.InspectFramesResponse(inspection=inspection_message(answer))
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


def get_status_response(status: Status, access: Access) -> service_pb.GetStatusResponse:
    """Write the status, and who may call."""
    return service_pb.GetStatusResponse(
        bundle_id=status.bundle.bundle_id,
        product=product_message(status.bundle.recipe),
        provider=PROVIDERS[status.provider],
        readiness=_READINESS[status.readiness],
        readiness_reason=status.reason,
        heartbeat=status.heartbeat,
        slot_ms=round(status.slot_s * 1000),
        uptime_ms=round(status.uptime_s * 1000),
        alarms=[_alarm(alarm) for alarm in status.alarms],
        development_mode=status.development_mode,
        access=service_pb.Access.Value(f"ACCESS_{access}"),
        lot=None if status.lot is None else lot_message(status.lot),
    )


def _alarm(alarm: Alarm) -> service_pb.Alarm:
    since = Timestamp()
    since.FromDatetime(alarm.since)
    return service_pb.Alarm(code=alarm.code, message=alarm.message, since=since, urgent=alarm.urgent)


def inspection_message(inspection: Inspection) -> pb.Inspection:
    """Write an inspection."""
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
        heatmaps=[heatmap_message(heatmap) for heatmap in inspection.heatmaps],
        heatmaps_left_out=inspection.heatmaps_left_out,
        stage_times=_stage_times(inspection),
        bundle_id=inspection.bundle_id,
        provider=PROVIDERS[inspection.provider],
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


def heatmap_message(heatmap: Heatmap) -> pb.Heatmap:
    """Write a heatmap."""
    place = heatmap.place
    return pb.Heatmap(
        frame_index=place.frame,
        vial=place.vial,
        region=place.region,
        box=_box(place.box),
        style=_STYLES[heatmap.style],
        png=heatmap.png,
    )


def _box(box: Box) -> pb.Box:
    return pb.Box(left_px=box.left_px, top_px=box.top_px, right_px=box.right_px, bottom_px=box.bottom_px)


def _stage_times(inspection: Inspection) -> pb.StageTimes:
    steps = {f"{stage}_ms": seconds * 1000 for stage, seconds in inspection.stages.items()}
    return pb.StageTimes(**steps, total_ms=inspection.total_s * 1000)


def product_message(recipe: Recipe) -> service_pb.Product:
    """Write what a recipe inspects, and where."""
    return service_pb.Product(
        name=recipe.product.name,
        title=recipe.product.title,
        frame_width_px=recipe.frame.width_px,
        frame_height_px=recipe.frame.height_px,
        frame_indices=recipe.frame.indices,
        pixel_formats=[_PIXEL_FORMATS[member] for member in recipe.frame.pixel_formats],
        vials=[vial.name for vial in recipe.vials],
        regions=[region.name for region in recipe.regions],
        places=_places(recipe),
    )


def _places(recipe: Recipe) -> list[service_pb.Place]:
    titles = {region.name: region.title for region in recipe.regions}
    return [
        service_pb.Place(vial=place.vial, region=place.region, region_title=titles[place.region], box=_box(place.box))
        for place in recipe.patches[: recipe.patches_per_frame]
    ]
