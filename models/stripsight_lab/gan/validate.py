"""The losses of the generator on patches that it has not seen, as they are: neither augmented nor perturbed."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stripsight_lab import losses
from stripsight_lab.gan.step import Gan
from stripsight_lab.patches import Patches


def places(count: int, wanted: int) -> NDArray[np.int64]:
    """`wanted` places spread evenly over `count`, all of them for 0 or too many; ascending."""
    return np.linspace(0, count - 1, min(wanted or count, count)).round().astype(np.int64)


def validate(gan: Gan, patches: Patches) -> dict[str, Any]:
    """Return the mean contextual loss, and the mean score 1 - SSIM of each region.

    In evaluation mode and in float32, as in service. Every rank has to call it; each looks at its part, by the
    running statistics of the first.
    """
    gan.here.agree(gan.generator)
    gan.generator.eval()
    sums = gan.here.total(_sums(gan, patches)).cpu()  # [R, 3]: contextual losses, scores, patches
    gan.generator.train()
    seen = sums[:, 2]
    return {
        "contextual": float(sums[:, 0].sum() / seen.sum()),
        "scores": (sums[:, 1] / seen).tolist(),
        "patches": int(seen.sum()),
    }


def _sums(gan: Gan, patches: Patches) -> Tensor:
    settings, here = gan.settings, gan.here
    sums = torch.zeros(patches.regions, 3, dtype=torch.float64)
    part = here.part(settings.batch)
    looked_at = places(patches.count, settings.validation_patches)[here.rank :: here.size]
    with torch.inference_mode():
        for region in range(patches.regions):
            for first in range(0, len(looked_at), part):
                read = torch.from_numpy(patches.read(region, looked_at[first : first + part]))
                x = read.to(here.device).float().div(255).unsqueeze(1)
                x_hat = gan.generator.autoencoder(x)
                contextual = float(losses.contextual_loss(x, x_hat, settings.weights))
                score = float(1 - losses.ssim(x, x_hat).mean())
                sums[region] += len(x) * torch.tensor([contextual, score, 1], dtype=torch.float64)
    return sums.to(here.device)
