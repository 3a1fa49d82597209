"""Which heatmaps a strip gets, and each of them (the render step)."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from stripsight import heatmap, overlay
from stripsight.bundle import Bundle
from stripsight.engine import Inference
from stripsight.strip import Heatmap, HeatmapStyle, HeatmapWhich
from stripsight.verdict import Judgement


def asked(which: HeatmapWhich, judgement: Judgement, patch_count: int) -> tuple[int, ...]:
    """Return the patches to render, rejected ones first: they matter most when time runs out."""
    if which is HeatmapWhich.NONE:
        return ()
    first = judgement.rejected_patches
    rest = set(range(patch_count)) - set(first) if which is HeatmapWhich.ALL else set()
    return (*first, *sorted(rest))


def render(
    wanted: Sequence[int],
    style: HeatmapStyle,
    frames: Sequence[NDArray[np.uint8]],
    inference: Inference,
    bundle: Bundle,
) -> Iterator[Heatmap]:
    """Yield heatmaps in the order of `wanted`, each drawn when it is asked for. `frames` hold uint8 [B, P, P] each."""
    for index in wanted:
        frame, place = divmod(index, bundle.recipe.patches_per_frame)
        patch = frames[frame][place]
        picture = overlay.to_png(_heat(index, style, patch, inference, bundle))
        yield Heatmap(bundle.recipe.patches[index], style, picture)


def _heat(
    index: int, style: HeatmapStyle, patch: NDArray[np.uint8], inference: Inference, bundle: Bundle
) -> NDArray[np.float32]:
    """Return the heat of one patch: the paper's, or what the score is made of, at the resolution it has there."""
    redrawn = inference.reconstructions[index]
    if style is HeatmapStyle.MINMAX:
        return heatmap.minmax(patch, redrawn)
    threshold = bundle.thresholds[bundle.recipe.patches[index].region]
    if inference.anomaly_maps is not None:
        return heatmap.mapped(inference.anomaly_maps[index], threshold)
    return heatmap.anchored(patch, redrawn, threshold)
