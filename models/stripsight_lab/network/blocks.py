"""Residual blocks A, B and C of the paper, section 7.2, figures 6 and 8.

Each joins three consecutive 3 x 3 convolutions of one width f with a shortcut:
  A  a 1 x 1 convolution of width f;
  B  the block's input;
  C  the input, resampled; the middle convolution halves H and W in the encoder, doubles them in the decoder.
With f and `concat` the blocks end in 2f, 3f and 4f channels, so that stage 4 of widths 32/64/128/256 ends
in the paper's 1024. `add` is what residual networks do elsewhere, and all three end in f.

Read into the paper: "based on ResNet version 2" is norm, activation, convolution in this order, and block
A's 1 x 1 convolution shares the first norm and activation. Convolutions followed by a norm have no bias.
Resampling of the shortcut is 2 x 2 averaging and nearest-neighbour repetition: no weights, and the channel
count fits.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

Kind = Literal["A", "B", "C"]
Join = Literal["concat", "add"]
Norm = Literal["batch", "none"]
Activation = Literal["relu", "leaky_relu"]


@dataclass(frozen=True)
class BlockSettings:
    """What all blocks of a network share."""

    join: Join = "concat"
    norm: Norm = "batch"
    activation: Activation = "relu"


def preactivation(channels: int, settings: BlockSettings) -> nn.Sequential:
    """Norm, then activation, ahead of a convolution."""
    norm = nn.BatchNorm2d(channels) if settings.norm == "batch" else nn.Identity()
    return nn.Sequential(norm, nn.ReLU() if settings.activation == "relu" else nn.LeakyReLU(0.2))


def conv3(inputs: int, outputs: int, settings: BlockSettings, *, up: bool, stride: int = 1) -> nn.Module:
    """3 x 3 convolution; transposed if `up`. Stride 2 halves H and W, or doubles them if `up`."""
    bias = settings.norm == "none"
    if up:
        return nn.ConvTranspose2d(inputs, outputs, 3, stride, 1, output_padding=stride - 1, bias=bias)
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=bias)


def outputs_of(kind: Kind, inputs: int, width: int, join: Join) -> int:
    """Channels that a block ends in."""
    if join == "add":
        return width
    return 2 * width if kind == "A" else inputs + width


class Block(nn.Module):
    """One block: float [N, inputs, H, W] -> [N, outputs, H', W'], H' = H except in C."""

    def __init__(
        self,
        kind: Kind,
        inputs: int,
        width: int,
        settings: BlockSettings,
        *,
        up: bool = False,
        raw: bool = False,
    ) -> None:
        """Build the block; `raw` for the first of a network, which is given a picture and not yet features.

        Raises ValueError where `add` would join different channel counts.
        """
        super().__init__()
        if settings.join == "add" and kind != "A" and inputs != width:
            raise ValueError(f"block {kind} can add only {width} channels to {width}, got {inputs}")
        self.kind, self.join = kind, settings.join
        self.outputs = outputs_of(kind, inputs, width, settings.join)
        self.before = nn.Identity() if raw else preactivation(inputs, settings)
        self.path = nn.Sequential(
            conv3(inputs, width, settings, up=up),
            preactivation(width, settings),
            conv3(width, width, settings, up=up, stride=2 if kind == "C" else 1),
            preactivation(width, settings),
            conv3(width, width, settings, up=up),
        )
        self.shortcut: nn.Module = nn.Identity()
        if kind == "A":
            self.shortcut = nn.Conv2d(inputs, width, 1, bias=settings.norm == "none")
        elif kind == "C":
            self.shortcut = nn.Upsample(scale_factor=2, mode="nearest") if up else nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        """Join the three convolutions with the shortcut."""
        ready = self.before(x)
        path: Tensor = self.path(ready)
        shortcut: Tensor = self.shortcut(ready if self.kind == "A" else x)
        return torch.cat([path, shortcut], dim=1) if self.join == "concat" else path + shortcut


class Stage(nn.Sequential):
    """Blocks A, B, C in this order: float [N, inputs, H, W] -> [N, outputs, H/2, W/2], 2H and 2W if `up`."""

    def __init__(
        self, inputs: int, width: int, settings: BlockSettings, *, up: bool = False, raw: bool = False
    ) -> None:
        """Build the three blocks; `raw` as in `Block`."""
        a = Block("A", inputs, width, settings, up=up, raw=raw)
        b = Block("B", a.outputs, width, settings, up=up)
        c = Block("C", b.outputs, width, settings, up=up)
        super().__init__(a, b, c)
        self.outputs = c.outputs
