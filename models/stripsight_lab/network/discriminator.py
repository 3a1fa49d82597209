"""The discriminator C of the paper, section 6.1.3: a convolutional encoder with a dense layer on top.

It tells the original from its redrawing. F_C, which eq. 2 compares, is its last convolutional map. The
paper gives no sizes. Read as the discriminator of GANomaly, which it follows: convolutions that halve H and
W, norm, leaky ReLU of 0.2; here 3 x 3, with the widths of the generator's stages, and no norm after the
first. The sigmoid is in the loss.
"""

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class DiscriminatorSettings:
    """Channels of each halving convolution. Raises ValueError for a patch that does not halve so often."""

    widths: tuple[int, ...] = (32, 64, 128, 256)
    patch_size: int = 256
    in_channels: int = 1

    def __post_init__(self) -> None:
        """Check the sizes."""
        if not self.widths or min(*self.widths, self.in_channels) < 1:
            raise ValueError(f"every width must be at least 1: {self}")
        if self.patch_size < 1 or self.patch_size % 2 ** len(self.widths):
            raise ValueError(f"patch_size must be a multiple of 2^{len(self.widths)}: {self}")


class Discriminator(nn.Module):
    """C: float [N, in_channels, P, P] -> a logit [N, 1], above 0 for an original."""

    def __init__(self, settings: DiscriminatorSettings) -> None:
        """Build the convolutions and the dense layer."""
        super().__init__()
        self.convolutions = nn.Sequential()
        channels = settings.in_channels
        for i, width in enumerate(settings.widths):
            self.convolutions.append(nn.Conv2d(channels, width, 3, 2, 1, bias=i == 0))
            if i > 0:
                self.convolutions.append(nn.BatchNorm2d(width))
            self.convolutions.append(nn.LeakyReLU(0.2))
            channels = width
        grid = settings.patch_size // 2 ** len(settings.widths)
        self.dense = nn.Linear(channels * grid**2, 1)

    def features(self, x: Tensor) -> Tensor:
        """F_C(x), the last convolutional map, [N, widths[-1], P / 2^stages, P / 2^stages]."""
        features: Tensor = self.convolutions(x)
        return features

    def classify(self, features: Tensor) -> Tensor:
        """The logit [N, 1] of features that are already there."""
        logit: Tensor = self.dense(features.flatten(1))  # [N, c, g, g] -> [N, c g^2] -> [N, 1]
        return logit

    def forward(self, x: Tensor) -> Tensor:
        """Classify `x`."""
        return self.classify(self.features(x))
