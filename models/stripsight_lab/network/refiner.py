"""Adds to the linear redrawing what it leaves out of a good patch.

The paper's dense bottleneck of 64 features cannot carry bubbles and drops, which are harmless and random, so its
reconstruction error on good patches hides small defects. Here the 64 features are linear and exact, and the refiner
passes the trunk's features through a narrow bottleneck at a quarter of the resolution and adds a correction. It is
trained to draw the clean patch from a corrupted one, so it learns to redraw bubbles and to leave defects out.
"""

from torch import Tensor, nn

from stripsight_lab.network.trunk import STRIDE, conv


class Refiner(nn.Module):
    """A bottleneck, and a head that starts at zero: untrained, the generator is the linear one."""

    def __init__(self, width: int, bottleneck: int) -> None:
        """Build the layers behind a trunk of `width` channels."""
        super().__init__()
        self.squeeze = nn.Conv2d(width, bottleneck, 1)
        self.expand = nn.Sequential(conv(bottleneck, width), conv(width, width // 2))
        self.head = nn.ConvTranspose2d(width // 2, 1, STRIDE, stride=STRIDE, bias=False)
        nn.init.zeros_(self.head.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Correction float32 [N, 1, H, W] of a linear redrawing, from the trunk's `features` [N, width, H/4, W/4]."""
        correction: Tensor = self.head(self.expand(self.squeeze(features)))
        return correction
