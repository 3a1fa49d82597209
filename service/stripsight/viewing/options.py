"""Which pictures of an inspection somebody wants."""

from dataclasses import dataclass

from stripsight.strip import HeatmapOptions


@dataclass(frozen=True)
class PictureOptions:
    """Frames, made smaller by a whole factor to at most `frame_width_max_px` (0: as wide as they are), and heatmaps."""

    frames: bool = False
    frame_width_max_px: int = 0
    heatmaps: HeatmapOptions | None = None
