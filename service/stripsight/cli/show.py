"""What the commands print: tables for people, JSON for programs."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from rich.table import Table

from stripsight.cli.printing import as_dict, console, print_json, print_rows, word
from stripsight.client import Answer
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1 import lot_service_pb2 as lot_pb
from stripsight.overlay import laid_over

if TYPE_CHECKING:
    from stripsight.bundle import Bundle

_CALLERS = {
    service_pb.ACCESS_UNSPECIFIED: "not told",
    service_pb.ACCESS_LOOPBACK: "all of its machine, in plain text",
    service_pb.ACCESS_TLS: "by the roles in their certificates",
    service_pb.ACCESS_PLAINTEXT: "ANYBODY who reaches the port, in plain text",
}


def inspection(answer: Answer, *, accept: bool, as_json: bool) -> None:
    """Print a verdict: the strip's, then each region's."""
    reply = answer.reply.inspection
    if as_json:
        print_json({"accept": accept, "elapsed_ms": answer.elapsed_s * 1000, "inspection": _without_pictures(reply)})
        return
    console.print(f"[bold]{'ACCEPT' if accept else 'REJECT'}[/bold] {_causes(reply.causes)}")
    for finding in reply.findings:
        console.print(finding.message, markup=False)
    table = Table("vial", "region", "score", "threshold", "margin", "frame")
    for vial in reply.vials:
        for region in vial.regions:
            numbers = [f"{value:.4f}" for value in (region.score, region.threshold, region.margin)]
            style = None if region.margin > 0 else "bold red"
            table.add_row(vial.name, region.name, *numbers, str(region.frame_index), style=style)
    if reply.vials:
        console.print(table)
    console.print(f"{reply.strip_id}: {answer.elapsed_s * 1000:.0f} ms, bundle {reply.bundle_id[:12]}", markup=False)


def write_heatmaps(reply: pb.Inspection, frames: Mapping[int, Path], folder: Path) -> None:
    """Write each rejected place with its heatmap over it as frame-vial-region.png into `folder`, made if missing.

    `frames` are the picture files that were sent, by index.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for heatmap in reply.heatmaps:
        box = heatmap.box
        seen = cv2.imread(str(frames[heatmap.frame_index]), cv2.IMREAD_GRAYSCALE)
        place = np.asarray(seen, np.uint8)[box.top_px : box.bottom_px, box.left_px : box.right_px]
        # The names come over the network: none may lead out of the folder.
        name = re.sub(r"[^A-Za-z0-9_-]", "_", f"{heatmap.frame_index}-{heatmap.vial}-{heatmap.region}")
        cv2.imwrite(str(folder / f"{name}.png"), laid_over(place, heatmap.png))


def status(reply: service_pb.GetStatusResponse, *, as_json: bool) -> None:
    """Print what a service runs and how it is."""
    if as_json:
        print_json(as_dict(reply))
        return
    rows = {
        "readiness": f"{word(service_pb.Readiness.DESCRIPTOR, reply.readiness)}: {reply.readiness_reason}",
        "product": f"{reply.product.name} {reply.product.title}",
        "bundle": reply.bundle_id,
        "provider": word(pb.Provider.DESCRIPTOR, reply.provider),
        "slot": f"{reply.slot_ms} ms",
        "callers": _CALLERS[reply.access],
        "heartbeat": str(reply.heartbeat),
        "uptime": f"{reply.uptime_ms / 1000:.0f} s",
        "lot": _lot(reply.lot) if reply.HasField("lot") else "none",
    }
    rows |= {f"alarm {alarm.code}": alarm.message for alarm in reply.alarms}
    print_rows(rows)


def bundle(loaded: "Bundle") -> None:
    """Print what a bundle inspects, by which thresholds, and where it comes from."""
    recipe = loaded.recipe
    rows = {
        "bundle": loaded.bundle_id,
        "product": f"{recipe.product.name} {recipe.product.title}",
        "frame": f"{recipe.frame.width_px} x {recipe.frame.height_px} px",
        "frame indices": ", ".join(map(str, recipe.frame.indices)),
        "patches": f"{recipe.patch_count} of {recipe.patch.size_px} px",
        "slot": f"{recipe.slot.duration_ms} ms",
        "challenge strips": str(len(loaded.challenge)),
    }
    rows |= {
        f"threshold {region.name} {region.title}": str(loaded.thresholds[region.name]) for region in recipe.regions
    }
    print_rows(rows)


def _lot(lot: lot_pb.Lot) -> str:
    return f"{lot.lot_id} {word(lot_pb.LotState.DESCRIPTOR, lot.state)}"


def _without_pictures(reply: pb.Inspection) -> dict[str, Any]:
    bare = pb.Inspection()
    bare.CopyFrom(reply)
    for heatmap in bare.heatmaps:
        heatmap.ClearField("png")
    return as_dict(bare)


def _causes(numbers: Iterable[int]) -> str:
    return ", ".join(word(pb.Cause.DESCRIPTOR, number) for number in numbers)
