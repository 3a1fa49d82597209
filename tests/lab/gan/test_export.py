"""A generator that was trained by the paper's method becomes a graph."""

from pathlib import Path

import numpy as np

from stripsight_lab.gan.checkpoint import load_autoencoder
from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.gan.train import train
from stripsight_lab.graph.assemble import assemble
from stripsight_lab.graph.export import export_generator, parity
from stripsight_lab.network.discriminator import DiscriminatorSettings
from stripsight_lab.network.generator import COMPACT
from stripsight_lab.patches import ArrayPatches

PATCHES_PER_FRAME = 20


def test_a_trained_compact_generator_scores_in_the_graph_as_in_torch(tmp_path: Path) -> None:
    """After 3 steps: from checkpoint to graph, pixels to a rounding step, scores to 1e-4 of torch in float64."""
    coarse = np.random.default_rng(1).integers(60, 200, (4, 8, 16, 16), dtype=np.uint8)
    patches = coarse.repeat(16, axis=2).repeat(16, axis=3)
    settings = GanSettings(generator=COMPACT, discriminator=DiscriminatorSettings(widths=(4, 8)), batch=4, steps=3)
    checkpoint = train(ArrayPatches(patches), None, tmp_path, settings, device="cpu")
    generator = load_autoencoder(checkpoint)
    graph = assemble(export_generator(generator, patch_size=256, patches_per_frame=PATCHES_PER_FRAME), patch_size=256)
    found = parity(generator, graph, patches.reshape(-1, 256, 256)[:PATCHES_PER_FRAME])
    assert found.patches == PATCHES_PER_FRAME
    assert found.reconstruction_max_difference <= 1
    assert found.score_max_difference < 1e-4
