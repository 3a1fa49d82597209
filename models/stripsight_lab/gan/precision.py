"""Mixed precision: the networks' convolutions in half of float32, everything that is summed up or compared in float32.

bfloat16 has the range of float32 and needs nothing else. float16 has not: its small gradients are scaled up before
the backward pass and down after it.
"""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch.amp.grad_scaler import GradScaler

from stripsight_lab.gan.settings import Precision


def dtype_of(precision: Precision, device: torch.device) -> torch.dtype:
    """Resolve `auto`."""
    if precision != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[precision]
    if device.type == "cpu":
        return torch.float32
    # Older cards compute bfloat16 by way of float32, which is slower than float16.
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def autocast(dtype: torch.dtype, device: torch.device) -> AbstractContextManager[object]:
    """Let networks compute in `dtype`; losses belong outside, as SSIM would be a half-precision convolution inside."""
    return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype=dtype)


def scaler_of(dtype: torch.dtype, device: torch.device) -> GradScaler:
    """Return the scaler of gradients, which does nothing unless they are float16."""
    return GradScaler(device.type, enabled=dtype == torch.float16)
