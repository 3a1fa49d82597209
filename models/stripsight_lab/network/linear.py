"""A linear autoencoder: principal components, one basis for each region.

Redraws what moves smoothly over good patches (pose, wall shape, liquid level, shading). What it cannot redraw is
random (bubbles, drops) or a defect; `refiner` adds the first and must not add the second. Alone it is the baseline
that any shipped generator has to beat.
"""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh
from torch import Tensor, nn
from torch.nn import functional

SAMPLES = 3_000
"""Patches a region that the fit looks at: the Gram matrix of more gains nothing measurable and costs its square."""
WINDOW_PX, AROUND_PX = 9, 5
STICKS_OUT = 24 / 255
"""Of a local mean: rims of bubbles are above, a wall that stands half a pixel aside is below."""


class LinearAutoencoder(nn.Module):
    """Projects a patch on the components of its region and back.

    The region is the place in the batch: patches come as whole frames in frame, vial, region order.
    """

    mean: Tensor
    basis: Tensor

    def __init__(self, mean: Tensor, basis: Tensor) -> None:
        """Take `mean` float32 [R, P*P] or [R, 1, P*P], orthonormal `basis` float32 [R, K, P*P], of grey in [0, 1]."""
        super().__init__()
        self.register_buffer("mean", mean.reshape(mean.shape[0], 1, -1))
        self.register_buffer("basis", basis)

    @property
    def regions(self) -> int:
        """Regions of a vial, R."""
        return int(self.basis.shape[0])

    def forward(self, x: Tensor) -> Tensor:
        """Redraw `x` float32 [N, 1, P, P]; N is a multiple of R."""
        regions = x.reshape(-1, self.regions, self.basis.shape[2]).unbind(1)  # [N, 1, P, P] -> R x [N/R, P*P]
        drawn = [self.of_region(part, region) for region, part in enumerate(regions)]
        return torch.stack(drawn, dim=1).reshape(x.shape)

    def of_region(self, x: Tensor, region: int) -> Tensor:
        """Redraw `x` float32 [M, P*P], all of one region."""
        mean, basis = self.mean[region], self.basis[region]
        # The mean goes through the biases: two matrix products and nothing else.
        features = functional.linear(x, basis, -(basis @ mean[0]))  # [M, K]
        return torch.addmm(mean, features, basis)


def fit(patches: NDArray[np.uint8], components: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit one region: `patches` uint8 [M, P, P] -> mean float32 [P*P] and basis float32 [components, P*P].

    Components are found thrice, of ever more. In between, what sticks out of a patch (bubbles, drops) is replaced by
    its redrawing, or the largest components would be bubbles at their usual places: drawn into every patch as ghosts,
    and lost for walls. Raises ValueError unless M > components.
    """
    if len(patches) <= components:
        raise ValueError(f"linear autoencoder: expected more than {components} patches, found {len(patches)}")
    flat = torch.from_numpy(patches.reshape(len(patches), -1).astype(np.float32) / 255)
    kept = flat
    for count in (max(1, components // 4), max(1, components // 2)):
        mean, basis = _principal(kept, count)
        drawn = torch.addmm(mean, (kept - mean) @ basis.T, basis)
        kept = torch.where(_sticks_out(flat - drawn), drawn, flat)
    mean, basis = _principal(kept, components)
    return mean.numpy(), basis.numpy()


def _principal(flat: Tensor, components: int) -> tuple[Tensor, Tensor]:
    """Mean and eigenvectors of the Gram matrix (M x M), as M is far smaller than P*P."""
    mean = flat.mean(dim=0)
    centred = flat - mean
    gram = (centred @ centred.T).double().numpy()
    # All eigenvectors of thousands of patches take minutes, the largest a second; they ascend.
    _, vectors = eigsh(gram, k=components, v0=np.random.default_rng(1).normal(size=len(gram)))
    basis = torch.from_numpy(vectors[:, ::-1].astype(np.float32)).T @ centred
    return mean, basis / basis.norm(dim=1, keepdim=True)


def _sticks_out(residual: Tensor) -> Tensor:
    """Where the local mean of the absolute `residual` [M, P*P] is large, and around that, bool [M, P*P]."""
    side = int(residual.shape[1] ** 0.5)
    pictures = residual.abs().reshape(-1, side, side).numpy()
    found = [cv2.blur(picture, (WINDOW_PX, WINDOW_PX)) > STICKS_OUT for picture in pictures]
    wider = [cv2.dilate(one.astype(np.uint8), np.ones((AROUND_PX, AROUND_PX), np.uint8)) for one in found]
    return torch.from_numpy(np.stack(wider).reshape(residual.shape) > 0)
