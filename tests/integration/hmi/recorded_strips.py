"""Records and pictures of strips as a service would send them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import cv2
import numpy as np

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb
from stripsight.recipe import Recipe

LIMIT = 0.02
BEGAN = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)


def recorded_strip(recipe: Recipe, number: int, bad: tuple[tuple[str, str], ...], **changes: Any) -> Any:
    """Make a record: regions in `bad` at twice the limit, the others below it."""
    random = np.random.default_rng(number)
    vials = [
        pb.Vial(
            name=vial.name,
            regions=[_region(region.name, 2 if (vial.name, region.name) in bad else random.uniform(0.2, 0.9), number)
                     for region in recipe.regions],
        )
        for vial in recipe.vials
    ]  # fmt: skip
    inspection = pb.Inspection(
        strip_id=f"S-{number:06d}", lot_id="L-42", strip_seq=number, vials=vials, bundle_id="5e" * 32,
        verdict=pb.VERDICT_REJECT if bad else pb.VERDICT_ACCEPT, causes=[pb.CAUSE_ANOMALY] if bad else [],
        provider=pb.PROVIDER_CPU, record_seq=number, record_hash=bytes([number % 256]) * 32,
        stage_times=pb.StageTimes(decode_ms=9, check_ms=6, crop_ms=2, infer_ms=151, judge_ms=0.1, total_ms=173),
    )  # fmt: skip
    recorded = record_pb.RecordedInspection(
        inspection=inspection, product=recipe.product.name, simulated=True, frame_digests=[b"\x01" * 32] * 3,
        since_arrival_ms=float(random.uniform(160, 260)), frames_kept=bool(bad),
    )  # fmt: skip
    recorded.recorded_at.FromDatetime(BEGAN + timedelta(seconds=number / 2))
    recorded.MergeFrom(record_pb.RecordedInspection(**changes))
    return recorded


def pictures_of(recipe: Recipe, number: int, bad: tuple[tuple[str, str], ...], frames: dict[int, bytes]) -> Any:
    """Make the pictures: the frames, and a heatmap for each place in `bad`, in the frame that decided."""
    places = {(place.vial, place.region): place.box for place in recipe.patches}
    return record_pb.Pictures(
        record_seq=number,
        frames=[record_pb.FramePicture(frame_index=index, png=png, scale=2) for index, png in frames.items()],
        heatmaps=[
            pb.Heatmap(frame_index=7, vial=vial, region=region, style=pb.HEATMAP_STYLE_ANCHORED, png=heat_spot(),
                       box=pb.Box(**places[vial, region].model_dump()))
            for vial, region in bad
        ],
        missing="" if frames else "The frames are not kept.",
    )  # fmt: skip


def heat_spot() -> bytes:
    """Paint a hot spot on nothing: a PNG with transparency."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    heat = np.exp(-((x - 0.2) ** 2 + (y + 0.1) ** 2) / 0.06)
    colours = cv2.applyColorMap((heat * 200).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return cv2.imencode(".png", np.dstack([colours, (heat * 255).astype(np.uint8)]))[1].tobytes()


def _region(name: str, load: float, number: int) -> pb.Region:
    score = LIMIT * load
    return pb.Region(name=name, score=score, threshold=LIMIT, margin=LIMIT - score, frame_index=7 if load > 1 else 0)
