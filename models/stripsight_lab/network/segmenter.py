"""Says where a patch is defective, from what the trunk saw in it and what the generator could not redraw.

A discriminative network behind a reconstruction, as in DRAEM (Zavrtanik et al. 2021), on a quarter of the resolution.
It is trained with structured corruption of good patches, never on a defect, and learns which residuals are
harmless (a bubble's rim, a wall that stands a pixel aside, noise) and which are not, where the mean of the SSIM map
adds them all up.
"""

import torch
from torch import Tensor, nn

from stripsight_lab.network.trunk import conv, stem

GAIN = 10.0
"""What the residual is multiplied by, so that it is as large as the picture."""
RARE = -4.0
"""First log odds of a defect: nearly everything is good."""


class Segmenter(nn.Module):
    """The residual and the trunk's features in, log odds of a defect out."""

    def __init__(self, width: int) -> None:
        """Build the layers beside a trunk of `width` channels."""
        super().__init__()
        self.stem = stem(1, width // 2)
        self.merge = conv(width + width // 2, width // 2)
        self.head = nn.Conv2d(width // 2, 1, 1)
        self.head.bias = nn.Parameter(torch.tensor([RARE]))

    def forward(self, features: Tensor, residual: Tensor) -> Tensor:
        """Log odds float32 [N, H/4, W/4].

        From the trunk's `features` float32 [N, width, H/4, W/4] and the `residual` float32 [N, 1, H, W], the patch
        less its redrawing.
        """
        left = self.stem(residual * GAIN)
        odds: Tensor = self.head(self.merge(torch.cat([features, left], dim=1)))  # [N, 1, H/4, W/4]
        return odds.squeeze(1)
