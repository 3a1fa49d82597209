"""The shipped generator: a linear autoencoder and a small convolutional network that adds what it leaves.

The paper's dense bottleneck of 64 features cannot carry bubbles and drops, which are harmless and random, so its
reconstruction error on good patches hides small defects. Here the 64 features are linear and exact, and the refiner
sees both the patch's difference from them and the linear picture, passes it through a narrow bottleneck at a
quarter of the resolution, and adds a correction. It is trained to draw the clean patch from a corrupted one, so
it learns to redraw bubbles and to leave defects out.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from stripsight_lab.network.linear import LinearAutoencoder
from stripsight_lab.network.scales import STRIDE, TwoScales, conv


@dataclass(frozen=True)
class RefinerSettings:
    """Channel counts; multiples of 16 run fastest in ONNX Runtime's blocked layout."""

    width: int = 32
    wide: int = 96
    bottleneck: int = 8


class Refiner(TwoScales):
    """Two scales, a bottleneck, a head that starts at zero: untrained, the generator is the linear one."""

    def __init__(self, settings: RefinerSettings) -> None:
        """Build the layers; sizes in `settings`."""
        width = settings.width
        super().__init__(width, settings.wide)
        self.squeeze = nn.Conv2d(width, settings.bottleneck, 1)
        self.expand = nn.Sequential(conv(settings.bottleneck, width), conv(width, width))
        self.head = nn.ConvTranspose2d(width, 1, STRIDE, stride=STRIDE, bias=False)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: Tensor, linear: Tensor) -> Tensor:
        """Correct `linear` float32 [N, 1, H, W], the linear redrawing of `x`; H and W are multiples of 8."""
        merged = self.features(x - linear, linear)
        correction: Tensor = self.head(self.expand(self.squeeze(merged)))  # [N, 1, H, W]
        return linear + correction


class RefinedGenerator(nn.Module):
    """Linear autoencoder, then refiner: `x` float32 [N, 1, P, P] in [0, 1] to the same, N whole frames."""

    def __init__(self, linear: LinearAutoencoder, refiner: Refiner) -> None:
        """Join the two parts."""
        super().__init__()
        self.linear = linear
        self.refiner = refiner

    def forward(self, x: Tensor) -> Tensor:
        """Redraw `x` as a good patch; not yet clipped to [0, 1]."""
        refined: Tensor = self.refiner(x, self.linear(x))
        return refined
