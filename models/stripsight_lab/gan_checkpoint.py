"""Checkpoints of `train_gan`: networks, optimisers, step, settings and what the data was."""

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter

from stripsight_lab.gan import Gan, GanSettings
from stripsight_lab.network.generator import Autoencoder

SAMPLED = 64
PARTS = ("generator", "discriminator", "generator_adam", "discriminator_adam")


def fingerprint(patches: NDArray[np.uint8]) -> str:
    """SHA-256 of the shape and of 64 patches spread over the set: the paper's set is 184 GB."""
    chosen = np.linspace(0, len(patches) - 1, SAMPLED).astype(int)
    digest = hashlib.sha256(repr(patches.shape).encode())
    digest.update(np.ascontiguousarray(patches[chosen]).tobytes())
    return digest.hexdigest()


def save(path: Path, gan: Gan, step: int, data: str) -> None:
    """Write a checkpoint after `step` steps, whole or not at all."""
    content = {
        "settings": asdict(gan.settings),
        "step": step,
        "data": data,
        "torch": str(torch.__version__),
        **{name: getattr(gan, name).state_dict() for name in PARTS},
    }
    part = path.with_suffix(".part")
    torch.save(content, part)
    part.replace(path)


def resume(path: Path, gan: Gan, data: str) -> int:
    """Load a checkpoint into `gan` and return its step. Raises ValueError for other settings or data."""
    state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    for name, wanted in (("settings", asdict(gan.settings)), ("data", data)):
        if state[name] != wanted:
            raise ValueError(f"{path} was trained with other {name}: {state[name]}, not {wanted}")
    for name in PARTS:
        getattr(gan, name).load_state_dict(state[name])
    return int(state["step"])


def load_autoencoder(path: Path) -> Autoencoder:
    """Read the encoder and decoder of a checkpoint, ready to redraw patches or to be exported."""
    state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    settings = TypeAdapter(GanSettings).validate_python(state["settings"])
    autoencoder = Autoencoder(settings.generator)
    prefix = "autoencoder."
    weights = {k.removeprefix(prefix): v for k, v in state["generator"].items() if k.startswith(prefix)}
    autoencoder.load_state_dict(weights)
    return autoencoder.eval()
