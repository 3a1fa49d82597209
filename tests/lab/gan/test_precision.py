"""Mixed precision, on a CPU: the same code as on a GPU."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from stripsight_lab.gan.precision import dtype_of
from stripsight_lab.gan.settings import GanSettings, Precision
from stripsight_lab.gan.step import Batch, Gan

SSIM_BANDS = {(6, 16), (16, 6)}
"""Shapes of the matrices that slide a window of 11 over 16 pixels."""


class Types(TorchDispatchMode):
    """Counts the types in which convolutions, the filters of SSIM, and the discriminator's loss are computed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[tuple[str, torch.dtype]] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if name in ("convolution", "convolution_backward"):
            self.seen["network", args[0].dtype] += 1
        elif name in ("mm", "bmm") and any(tuple(one.shape[-2:]) in SSIM_BANDS for one in args):
            self.seen["ssim", args[0].dtype] += 1
        elif name in ("binary_cross_entropy_with_logits", "huber_loss", "_native_batch_norm_legit"):
            self.seen[name, args[0].dtype] += 1
        return func(*args, **(kwargs or {}))


def batch() -> Batch:
    """Eight patches of noise with a dark square in the perturbed ones."""
    x = torch.rand(8, 1, 16, 16, generator=torch.Generator().manual_seed(3))
    n = torch.zeros_like(x)
    n[:, :, 4:8, 4:8] = 0.3
    return Batch(x, (x - n).clamp(0, 1), n)


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [("auto", torch.float32), ("float32", torch.float32), ("bfloat16", torch.bfloat16), ("float16", torch.float16)],
)
def test_a_cpu_computes_in_float32_unless_told_otherwise(precision: Precision, dtype: torch.dtype) -> None:
    """`auto` is for GPUs."""
    assert dtype_of(precision, torch.device("cpu")) == dtype


@pytest.mark.parametrize(("precision", "dtype"), [("bfloat16", torch.bfloat16), ("float32", torch.float32)])
def test_networks_compute_in_half_and_losses_in_float32(
    tiny: GanSettings, precision: Precision, dtype: torch.dtype
) -> None:
    """Every convolution of a network forward and back; SSIM, cross-entropy and Huber in float32."""
    gan = Gan(replace(tiny, precision=precision))
    with Types() as types:
        losses = gan.step(batch(), 1e-3)
    by_name = {name: {d for n, d in types.seen if n == name} for name, _ in types.seen}
    assert by_name["network"] == {dtype}
    assert by_name["ssim"] == by_name["huber_loss"] == by_name["binary_cross_entropy_with_logits"] == {torch.float32}
    assert {value.dtype for value in losses.values()} == {torch.float32}
    assert {p.dtype for p in gan.generator.parameters()} == {torch.float32}


@pytest.mark.parametrize(("precision", "digits"), [("bfloat16", 0.1), ("float16", 0.02)])
def test_half_precision_trains_as_float32_does(tiny: GanSettings, precision: Precision, digits: float) -> None:
    """The first losses on the same patches agree as far as the type has digits, and ten steps later they are less."""
    half, full = Gan(replace(tiny, precision=precision)), Gan(tiny)
    first, expected = half.step(batch(), 4e-3), full.step(batch(), 4e-3)
    assert {name: float(v) for name, v in first.items()} == pytest.approx(
        {name: float(v) for name, v in expected.items()}, rel=digits
    )
    for _ in range(10):
        last = half.step(batch(), 4e-3)
    assert float(last["generator"]) < 0.97 * float(first["generator"])


def test_a_step_whose_float16_gradients_overflow_is_left_out(tiny: GanSettings) -> None:
    """The weights stay as they were, and the gradients of the next step are scaled up half as much."""
    gan = Gan(replace(tiny, precision="float16"))
    gan.scaler.load_state_dict({**gan.scaler.state_dict(), "scale": 2.0**40})
    before = [p.detach().clone() for p in gan.generator.parameters()]
    gan.step(batch(), 1e-3)
    assert all(torch.equal(p, b) for p, b in zip(gan.generator.parameters(), before, strict=True))
    assert gan.scaler.get_scale() == 2.0**39
