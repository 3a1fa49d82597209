"""The network that ships: redraws a patch, then says where it is defective."""

from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.nn import functional

from stripsight_lab.network.linear import LinearAutoencoder
from stripsight_lab.network.refiner import Refiner
from stripsight_lab.network.segmenter import Segmenter
from stripsight_lab.network.trunk import Trunk, TrunkSettings


@dataclass(frozen=True)
class NetworkSettings:
    """Sizes of everything behind the linear autoencoder."""

    trunk: TrunkSettings = field(default_factory=TrunkSettings)
    bottleneck: int = 8
    """Channels that a quarter of the resolution is redrawn from."""


class RefinedGenerator(nn.Module):
    """Linear autoencoder, trunk, refiner: redraws patches."""

    def __init__(self, linear: LinearAutoencoder, settings: NetworkSettings) -> None:
        """Put fresh networks behind a fitted linear part: they change nothing yet."""
        super().__init__()
        self.linear = linear
        self.trunk = Trunk(settings.trunk)
        self.refiner = Refiner(settings.trunk.width, settings.bottleneck)

    def forward(self, x: Tensor) -> Tensor:
        """Redraw `x` float32 [N, 1, P, P] in [0, 1], not yet clipped to that; N is whole frames."""
        return self.refined(x, self.linear(x))[0]

    def refined(self, x: Tensor, linear: Tensor) -> tuple[Tensor, Tensor]:
        """Redraw `x` given its linear redrawing; returns the trunk's features float32 [N, width, H/4, W/4] too."""
        features: Tensor = self.trunk(x - linear, linear)
        return linear + self.refiner(features), features


class InspectionNetwork(nn.Module):
    """Generator and segmenter. N is whole frames in frame, vial, region order."""

    def __init__(self, linear: LinearAutoencoder, settings: NetworkSettings) -> None:
        """Put fresh networks behind a fitted linear part."""
        super().__init__()
        self.generator = RefinedGenerator(linear, settings)
        self.segmenter = Segmenter(settings.trunk.width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Redraw `x` float32 [N, 1, P, P] in [0, 1], not yet clipped to that, and map its defects.

        The anomaly map is float32 [N, P/4, P/4]: -log(1 - p) with p the probability that a cell is defective, which is
        near p where that is small, and grows without a bound where p nears 1.
        """
        redrawn, odds = self.judged(x, self.generator.linear(x))
        return redrawn, functional.softplus(odds)

    def judged(self, x: Tensor, linear: Tensor) -> tuple[Tensor, Tensor]:
        """Redraw `x` given its linear redrawing, both float32 [N, 1, H, W]; H and W are multiples of 16.

        Returns the redrawing and log odds float32 [N, H/4, W/4]. The trunk learns from both, the redrawing itself only
        from its own loss: what a good patch looks like must not depend on what is easy to tell apart.
        """
        redrawn, features = self.generator.refined(x, linear)
        odds: Tensor = self.segmenter(features, x - redrawn.detach().clamp(0, 1))
        return redrawn, odds
