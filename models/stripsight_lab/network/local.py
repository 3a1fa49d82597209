"""The linear autoencoder with a local score: for a product with few pictures, in seconds and without a GPU."""

from torch import Tensor, nn
from torch.nn import functional

from stripsight_lab.network.linear import LinearAutoencoder

STRIDE = 4


class LocalDifference(nn.Module):
    """Redraws a patch from its principal components and averages the absolute difference over a window.

    The mean over a whole patch dilutes a defect that is smaller; the mean over a window of its size does not, and
    noise cancels in it.
    """

    def __init__(self, linear: LinearAutoencoder, window_px: int) -> None:
        """Put the window behind a fitted linear part; `window_px` is odd."""
        super().__init__()
        if window_px % 2 == 0:
            raise ValueError(f"window: expected an odd number of px, found {window_px}")
        self.linear, self.window_px = linear, window_px

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Redraw `x` float32 [N, 1, P, P] in [0, 1], not yet clipped to that, and map its defects.

        The anomaly map is float32 [N, P/4, P/4], 0 to 1: mean absolute difference over the window, or the part of
        it that lies inside the patch. P is a multiple of 4.
        """
        redrawn = self.linear(x)
        difference = (x - redrawn.clamp(0, 1)).abs()
        local = functional.avg_pool2d(
            difference, self.window_px, STRIDE, self.window_px // 2, count_include_pad=False
        )  # [N, 1, P/4, P/4]
        return redrawn, local.squeeze(1)
