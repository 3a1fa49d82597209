"""The linear autoencoder."""

import numpy as np
import pytest
import torch

from stripsight_lab.network.linear import LinearAutoencoder, fit

SIZE = 16


def family(rng: np.random.Generator, count: int, directions: np.ndarray, size: int = SIZE) -> np.ndarray:
    """Patches that vary along the given directions only, around grey 120."""
    weights = rng.normal(0, 25, (count, len(directions)))
    return np.clip(120 + weights @ directions, 0, 255).reshape(count, size, size).astype(np.uint8)


def fitted() -> tuple[LinearAutoencoder, list[np.ndarray]]:
    """Two regions, each with two directions of its own."""
    rng = np.random.default_rng(1)
    sets = [family(rng, 60, np.linalg.qr(rng.normal(size=(SIZE**2, 2)))[0].T * 4) for _ in range(2)]
    parts = [fit(patches, 2) for patches in sets]
    mean, basis = (torch.from_numpy(np.stack(part)) for part in zip(*parts, strict=True))
    return LinearAutoencoder(mean, basis), sets


def test_it_redraws_its_own_family_and_not_a_spot() -> None:
    """Two components redraw two directions to rounding, while a dark spot stays undrawn."""
    model, sets = fitted()
    patch = sets[0][0].astype(np.float32) / 255
    spotted = patch.copy()
    spotted[4:7, 4:7] = 0
    batch = torch.from_numpy(np.stack([spotted, sets[1][0] / np.float32(255)]))[:, None]
    drawn = model(batch)[:, 0].numpy()
    assert np.abs(drawn[1] - sets[1][0] / 255).mean() < 0.004
    assert np.abs(drawn[0] - patch).mean() < 0.5 * np.abs(spotted - patch)[4:7, 4:7].mean()
    assert drawn[0][4:7, 4:7].mean() > 0.3


def test_the_region_is_the_place_in_the_batch() -> None:
    """Frame after frame, each patch is drawn with the basis of its own region."""
    model, sets = fitted()
    order = [sets[0][0], sets[1][0], sets[0][1], sets[1][1]]
    x = torch.from_numpy(np.stack(order).astype(np.float32) / 255)[:, None]
    together = model(x)
    for i, region in enumerate((0, 1, 0, 1)):
        alone = model.of_region(x[i].reshape(1, -1), region).reshape(1, SIZE, SIZE)
        assert torch.allclose(together[i], alone, atol=1e-5)


def test_bubbles_at_their_usual_places_are_no_components() -> None:
    """Eight components are enough to learn four blots by heart; they stay undrawn where they are, and elsewhere too."""
    rng = np.random.default_rng(2)
    patches = family(rng, 600, np.linalg.qr(rng.normal(size=(32**2, 2)))[0].T * 25, 32)
    for number, (y, x) in enumerate([(4, 4), (4, 20), (20, 4), (20, 20)] * 20):
        patches[3 * number, y : y + 7, x : x + 7] = 40
    mean, basis = fit(patches, 8)
    model = LinearAutoencoder(torch.from_numpy(mean[None]), torch.from_numpy(basis[None]))
    drawn = model(torch.from_numpy(patches[:2, None].astype(np.float32) / 255))[:, 0].numpy()
    assert drawn[0, 4:11, 4:11].mean() > 0.3
    assert np.abs(drawn[1] - patches[1] / 255).mean() < 0.02


def test_too_few_patches_are_told() -> None:
    """As many components as patches would redraw anything that was seen."""
    with pytest.raises(ValueError, match="expected more than 4 patches, found 4"):
        fit(np.zeros((4, SIZE, SIZE), np.uint8), 4)
