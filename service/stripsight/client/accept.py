"""What turns a reply into "this strip may pass". An accept is earned: anything odd is a reject."""

import math
from collections.abc import Collection

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb

_HASH_BYTES = 32


def regions_of(product: service_pb.Product) -> list[tuple[str, str]]:
    """Return every (vial, region) that a reply about this product must have."""
    return [(vial, region) for vial in product.vials for region in product.regions]


def is_accept(
    request: service_pb.InspectStripRequest,
    reply: service_pb.InspectStripResponse | None,
    *,
    bundle_id: str,
    regions: Collection[tuple[str, str]],
    elapsed_s: float,
    slot_s: float,
    call_s: float | None = None,
) -> bool:
    """Tell whether the strip of `request` may pass.

    `reply` is None when the call failed. `bundle_id` is the bundle that is expected to judge, `regions` every
    (vial, region) of its product, `elapsed_s` the time from sending, of the last frame where they go one by one, to
    receiving and `slot_s` what it may at most be; `call_s` is how long a streamed call took in all. True only if
    everything holds; a field that is missing, another's or out of range makes it False.
    """
    if reply is None:
        return False
    inspection = reply.inspection
    found = [(vial.name, region.name) for vial in inspection.vials for region in vial.regions]
    frames = {frame.index for frame in request.frames}
    # Written so that NaN, which compares false, never passes.
    return (
        inspection.verdict == pb.VERDICT_ACCEPT
        and not (inspection.causes or inspection.findings)
        and bool(request.strip_id and request.lot_id and request.strip_seq)
        and inspection.strip_id == request.strip_id
        and inspection.lot_id == request.lot_id
        and inspection.strip_seq == request.strip_seq
        and bool(bundle_id)
        and inspection.bundle_id == bundle_id
        and inspection.provider in (pb.PROVIDER_CPU, pb.PROVIDER_CUDA, pb.PROVIDER_TENSORRT)
        and 0 <= elapsed_s < slot_s
        and inspection.record_seq > 0
        and len(inspection.record_hash) == _HASH_BYTES
        and inspection.HasField("stage_times")
        and 0 <= inspection.stage_times.total_ms <= (elapsed_s if call_s is None else call_s) * 1000
        and bool(found)
        and sorted(found) == sorted(regions)
        and all(_passes(region, frames) for vial in inspection.vials for region in vial.regions)
    )


def _passes(region: pb.Region, frames: Collection[int]) -> bool:
    return (
        math.isfinite(region.score)
        and math.isfinite(region.threshold)
        and region.score < region.threshold
        and region.threshold > 0
        and region.margin == region.threshold - region.score  # and so above 0
        and region.frame_index in frames
    )
