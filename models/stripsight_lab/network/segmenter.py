"""Says where a patch is defective: a small network that reads what the generator could not redraw.

A discriminative network behind a reconstruction, as in DRAEM (Zavrtanik et al. 2021), on a quarter of the resolution.
It is trained with structured corruption of good patches, never on a defect, and learns which residuals are
harmless (a bubble's rim, a wall that stands a pixel aside, noise) and which are not, where the mean of the SSIM map
adds them all up.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from stripsight_lab.network.scales import TwoScales, conv

GAIN = 10.0
"""What the residual is multiplied by, so that it is as large as the picture."""
RARE = -4.0
"""First log odds of a defect: nearly everything is good."""


@dataclass(frozen=True)
class SegmenterSettings:
    """Channel counts; multiples of 16 run fastest in ONNX Runtime's blocked layout."""

    width: int = 16
    wide: int = 48


class Segmenter(TwoScales):
    """Two scales; the residual and the redrawing in, log odds of a defect out."""

    def __init__(self, settings: SegmenterSettings) -> None:
        """Build the layers; sizes in `settings`."""
        super().__init__(settings.width, settings.wide)
        self.merge = conv(settings.width, settings.width)
        self.head = nn.Conv2d(settings.width, 1, 1)
        self.head.bias = nn.Parameter(torch.tensor([RARE]))

    def forward(self, x: Tensor, redrawn: Tensor) -> Tensor:
        """Log odds float32 [N, H/4, W/4] from a patch `x` and its redrawing, float32 [N, 1, H, W] in [0, 1].

        H and W are multiples of 8.
        """
        merged = self.features((x - redrawn) * GAIN, redrawn)
        odds: Tensor = self.head(self.merge(merged))  # [N, 1, H/4, W/4]
        return odds.squeeze(1)
