"""The linear autoencoder with a local score."""

from pathlib import Path

import numpy as np
import pytest
import torch

from stripsight.engine import Engine
from stripsight_lab.graph.assemble import assemble
from stripsight_lab.graph.export import export_generator, parity
from stripsight_lab.network.linear import LinearAutoencoder
from stripsight_lab.network.local import LocalDifference
from stripsight_lab.patches import ArrayPatches
from stripsight_lab.training.linear import LinearSettings, load_linear, train_linear

SIZE = 16


def flat(grey: float) -> LinearAutoencoder:
    """Redraws any patch of one region in one grey: its one component is never met."""
    return LinearAutoencoder(torch.full((1, SIZE * SIZE), grey), torch.zeros(1, 1, SIZE * SIZE))


def test_the_map_is_the_mean_difference_over_the_window() -> None:
    """One white pixel at (8, 8) on grey 0.5: 0.5 / 25 where a 5 px window holds it, 0 elsewhere."""
    patch = torch.full((1, 1, SIZE, SIZE), 0.5)
    patch[0, 0, 8, 8] = 1.0
    redrawn, maps = LocalDifference(flat(0.5), 5)(patch)
    assert torch.equal(redrawn, torch.full_like(patch, 0.5))
    assert maps.shape == (1, 4, 4)
    assert maps[0, 2, 2].item() == pytest.approx(0.5 / 25)
    assert maps.sum().item() == pytest.approx(0.5 / 25)


def test_at_the_edge_the_mean_is_over_what_lies_inside() -> None:
    """A corner pixel counts for 1 of the 9 that the window still holds."""
    patch = torch.full((1, 1, SIZE, SIZE), 0.5)
    patch[0, 0, 0, 0] = 1.0
    _, maps = LocalDifference(flat(0.5), 5)(patch)
    assert maps[0, 0, 0].item() == pytest.approx(0.5 / 9)


def test_an_even_window_is_refused() -> None:
    """It has no middle."""
    with pytest.raises(ValueError, match="odd number of px, found 4"):
        LocalDifference(flat(0.5), 4)


def test_trained_and_exported_it_tells_a_spot_from_good_patches(tmp_path: Path) -> None:
    """Fitted to ramps of changing level, a patch with a spot scores above every good one, by the graph as by torch."""
    rng = np.random.default_rng(3)
    levels = rng.uniform(60, 160, (1, 60, 1, 1)) + np.linspace(0, 60, SIZE) + rng.normal(0, 1, (1, 60, SIZE, SIZE))
    good = levels.astype(np.uint8)
    settings = LinearSettings(components=2, window_px=5)
    network = load_linear(train_linear(ArrayPatches(good[:, :40]), tmp_path, settings))
    model = assemble(export_generator(network, patch_size=SIZE, patches_per_frame=1), patch_size=SIZE)
    spotted = good[0, 40:].copy()
    spotted[:, 5:9, 6:10] = 0
    engine = Engine(model.SerializeToString(), patch_size=SIZE)
    assert engine.infer(spotted).scores.min() > 2 * engine.infer(good[0, 40:]).scores.max()
    assert parity(network, model, good[0, 40:]).score_max_difference < 1e-5
