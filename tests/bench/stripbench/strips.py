"""The strips that are sent: simulated ones, rendered before any clock starts."""

import tempfile
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stripsight.client import frame_message
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.recipe import Recipe
from stripsight_lab.dataset.cut import cut_frames
from stripsight_lab.demo.mix import mix
from stripsight_lab.demo.rendering import Frames, make_room, render, rendered

# More than the service remembers in order to find a frozen camera. One in three is defective.
DIFFERENT = 9

Which = Literal["rejected", "all", "none"]


def rendered_strips(recipe: Recipe, seed: int = 1) -> Frames:
    """Acquire the strips, uint8 [S, F, H, W], good and defective ones mixed."""
    frame, kit = recipe.frame, mix(DIFFERENT, seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "frames.npy"
        make_room(file, (len(kit), len(frame.indices), frame.height_px, frame.width_px))
        for _ in render(kit, frame.indices, file):
            pass
        return np.array(rendered(file))


def batches(frames: Frames, recipe: Recipe) -> list[NDArray[np.uint8]]:
    """The batch that the graph gets for each strip, uint8 [N, P, P]."""
    return [cut_frames(strip, recipe) for strip in frames]


class Requests:
    """The strips in turn, as MONO8, each time under a number that no strip had before."""

    def __init__(self, frames: Frames, recipe: Recipe, lot_id: str) -> None:
        """Write the frames' messages once."""
        indices = recipe.frame.indices
        self._product = recipe.product.name
        self._lot_id = lot_id
        self._messages = [[frame_message(f, indices, at) for at, f in enumerate(strip)] for strip in frames]
        self._sent = 0

    def following(self, heatmaps: Which = "rejected") -> service_pb.InspectStripRequest:
        """The request for the strip that comes next."""
        self._sent += 1
        return service_pb.InspectStripRequest(
            strip_id=f"S-{self._sent:06d}",
            lot_id=self._lot_id,
            strip_seq=self._sent,
            product=self._product,
            frames=self._messages[self._sent % len(self._messages)],
            simulated=True,
            heatmaps=pb.HeatmapOptions(which=pb.HeatmapWhich.Value(f"HEATMAP_WHICH_{heatmaps.upper()}")),
        )
