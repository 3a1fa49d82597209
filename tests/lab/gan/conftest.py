"""Small trainings on toy products."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.network.discriminator import DiscriminatorSettings
from stripsight_lab.network.generator import GeneratorSettings


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small only lose time to more threads, and very much of it on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tiny() -> GanSettings:
    """One stage on 16 px, batches of 4, 3 epochs."""
    return GanSettings(
        generator=GeneratorSettings(widths=(2,), latent=4, patch_size=16),
        discriminator=DiscriminatorSettings(widths=(2, 4), patch_size=16),
        batch=4,
        epochs=3,
    )


@pytest.fixture(scope="session")
def noise() -> Callable[..., NDArray[np.uint8]]:
    """Draw patches of noise: `noise(seed, count=5)`, uint8 [2, count, 16, 16]; 2 x 5 are two batches of `tiny`."""

    def draw(seed: int, count: int = 5) -> NDArray[np.uint8]:
        return np.random.default_rng(seed).integers(0, 256, (2, count, 16, 16), dtype=np.uint8)

    return draw
