"""The network that ships: redraws a patch, then says where it is defective."""

from torch import Tensor, nn
from torch.nn import functional

from stripsight_lab.network.linear import LinearAutoencoder
from stripsight_lab.network.refiner import RefinedGenerator, Refiner, RefinerSettings
from stripsight_lab.network.segmenter import Segmenter, SegmenterSettings


class InspectionNetwork(nn.Module):
    """Generator and segmenter. N is whole frames in frame, vial, region order."""

    def __init__(self, generator: RefinedGenerator, segmenter: Segmenter) -> None:
        """Join the two parts."""
        super().__init__()
        self.generator = generator
        self.segmenter = segmenter

    @classmethod
    def untrained(
        cls, linear: LinearAutoencoder, refiner: RefinerSettings, segmenter: SegmenterSettings
    ) -> "InspectionNetwork":
        """Put fresh networks behind a fitted linear part."""
        return cls(RefinedGenerator(linear, Refiner(refiner)), Segmenter(segmenter))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Redraw `x` float32 [N, 1, P, P] in [0, 1], not yet clipped to that, and map its defects.

        The anomaly map is float32 [N, P/4, P/4]: -log(1 - p) with p the probability that a cell is defective, which is
        near p where that is small, and grows without a bound where p nears 1.
        """
        redrawn = self.generator(x)
        return redrawn, functional.softplus(self.segmenter(x, redrawn.clamp(0, 1)))
