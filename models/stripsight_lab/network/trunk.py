"""What refiner and segmenter share: features of a patch beside its linear redrawing, on three scales.

Redrawing a bubble and telling it from a defect takes the same knowledge, so it is learnt and computed once.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

STRIDE = 4
"""Pixels to a cell of the features."""
COARSEST = 16
"""Pixels to a cell of the coarsest scale; height and width are multiples of it."""


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A 3 x 3 convolution and what follows it."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.ReLU(inplace=True))


def stem(inputs: int, outputs: int) -> nn.Sequential:
    """Pictures to cells in two steps, as hairlines are lost in a single one."""
    first = nn.Conv2d(inputs, outputs // 2, 5, stride=2, padding=2)
    return nn.Sequential(first, nn.ReLU(inplace=True), conv(outputs // 2, outputs, stride=2))


@dataclass(frozen=True)
class TrunkSettings:
    """Channel counts; multiples of 16 run fastest in ONNX Runtime's blocked layout."""

    width: int = 32
    """At a quarter of the resolution: hairlines, spots, rims."""
    wide: int = 64
    """At an eighth and a sixteenth: walls, the surface of the liquid, crowds of bubbles."""


class Trunk(nn.Module):
    """Three scales that are added up, coarse to fine."""

    def __init__(self, settings: TrunkSettings) -> None:
        """Build the layers; sizes in `settings`."""
        super().__init__()
        width, wide = settings.width, settings.wide
        self.stem = stem(2, width)
        self.middle = nn.Sequential(conv(width, wide, stride=2), conv(wide, wide))
        self.coarse = nn.Sequential(conv(wide, wide, stride=2), conv(wide, wide), conv(wide, wide))
        self.up_to_middle = nn.ConvTranspose2d(wide, wide, 2, stride=2)
        self.mix = conv(wide, wide)
        self.up_to_fine = nn.ConvTranspose2d(wide, width, 2, stride=2)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Features of two pictures float32 [N, 1, H, W]: [N, width, H/4, W/4]."""
        fine = self.stem(torch.cat([first, second], dim=1))
        middle = self.middle(fine)
        middle = self.mix(torch.relu(middle + self.up_to_middle(self.coarse(middle))))
        return torch.relu(fine + self.up_to_fine(middle))
