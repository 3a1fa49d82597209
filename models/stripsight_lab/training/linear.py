"""Training without steps: fit the linear autoencoder, which with a local score is a detector of its own."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch

from stripsight_lab.network.linear import LinearAutoencoder
from stripsight_lab.network.local import LocalDifference
from stripsight_lab.patches import Patches, fingerprint
from stripsight_lab.training.train import fit_linear


@dataclass(frozen=True)
class LinearSettings:
    """The table `[train]` with `method = "linear"`."""

    method: Literal["linear"] = "linear"
    components: int = 64
    window_px: int = 25
    """Side of the window that the difference is averaged over, odd."""
    seed: int = 1


def train_linear(patches: Patches, out: Path, settings: LinearSettings) -> Path:
    """Fit on `patches` and return `out`/checkpoint.pt."""
    linear = fit_linear(patches, settings.components, settings.seed)
    state = {
        "settings": asdict(settings),
        "patches": fingerprint(patches),
        "mean": linear.mean,
        "basis": linear.basis,
    }
    path = out / "checkpoint.pt"
    out.mkdir(parents=True, exist_ok=True)
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)
    return path


def load_linear(checkpoint: Path) -> LocalDifference:
    """Read the network of a checkpoint written by `train_linear`."""
    state = torch.load(checkpoint, weights_only=True)
    return LocalDifference(LinearAutoencoder(state["mean"], state["basis"]), state["settings"]["window_px"]).eval()
