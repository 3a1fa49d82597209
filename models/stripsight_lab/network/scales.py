"""What refiner and segmenter begin with: two scales of a picture pair, at a quarter and an eighth of the resolution."""

import torch
from torch import Tensor, nn

STRIDE = 4


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A 3 x 3 convolution and what follows it."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.ReLU(inplace=True))


class TwoScales(nn.Module):
    """Sees two pictures; walls and edges need the wide scale, spots and rims the fine one."""

    def __init__(self, width: int, wide: int) -> None:
        """Build the layers: `width` channels at a quarter of the resolution, `wide` at an eighth."""
        super().__init__()
        self.stem = nn.Conv2d(2, width, 2 * STRIDE, stride=STRIDE, padding=STRIDE // 2)
        self.fine = conv(width, width)
        self.coarse = nn.Sequential(conv(width, wide, stride=2), conv(wide, wide))
        self.up = nn.ConvTranspose2d(wide, width, 2, stride=2)

    def features(self, first: Tensor, second: Tensor) -> Tensor:
        """Both scales of two pictures float32 [N, 1, H, W]: [N, width, H/4, W/4]. H and W are multiples of 8."""
        stem = torch.relu(self.stem(torch.cat([first, second], dim=1)))  # [N, width, H/4, W/4]
        fine = self.fine(stem)
        return torch.relu(fine + self.up(self.coarse(fine)))
