"""Checkpoints of `train`: networks, optimisers, step, and all that decides the losses: settings, data, ranks, type."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter

from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.gan.step import Gan
from stripsight_lab.network.generator import Autoencoder

PARTS = ("generator", "discriminator", "generator_adam", "discriminator_adam", "scaler")


def _decides(gan: Gan, data: str) -> dict[str, Any]:
    return {"settings": asdict(gan.settings), "data": data, "ranks": gan.here.size, "precision": str(gan.dtype)}


def save(path: Path, gan: Gan, step: int, data: str) -> None:
    """Write a checkpoint after `step` steps, whole or not at all.

    Raises FloatingPointError, and leaves the last one, where a weight is not finite.
    """
    if not all(bool(weight.isfinite().all()) for weight in gan.generator.parameters()):
        raise FloatingPointError(f"step {step}: weights must be finite, got some that are not")
    parts = {name: getattr(gan, name).state_dict() for name in PARTS}
    part = path.with_suffix(".part")
    torch.save({**_decides(gan, data), "step": step, "torch": str(torch.__version__), **parts}, part)
    part.replace(path)


def resume(path: Path, gan: Gan, data: str) -> int:
    """Load a checkpoint into `gan` and return its step.

    Raises ValueError where settings, data, number of ranks or precision are others than the checkpoint's: the losses
    would not be those of one training.
    """
    state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    for name, wanted in _decides(gan, data).items():
        if state[name] != wanted:
            raise ValueError(f"{path} was trained with other {name}: {state[name]}, not {wanted}; use another folder")
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
