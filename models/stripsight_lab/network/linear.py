"""A linear autoencoder: principal components, one basis for each region.

Redraws what moves smoothly over good patches (pose, wall shape, liquid level, shading). What it cannot redraw is
random (bubbles, drops) or a defect; `refiner` adds the first and must not add the second. Alone it is the baseline
that any shipped generator has to beat.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh
from torch import Tensor, nn
from torch.nn import functional

SAMPLES = 4_000
"""Patches a region that the fit looks at: the Gram matrix of more gains nothing measurable and costs its square."""


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

    Eigenvectors of the Gram matrix (M x M), as M is far smaller than P*P. Raises ValueError unless M > components.
    """
    if len(patches) <= components:
        raise ValueError(f"linear autoencoder: expected more than {components} patches, found {len(patches)}")
    flat = torch.from_numpy(patches.reshape(len(patches), -1).astype(np.float32) / 255)
    mean = flat.mean(dim=0)
    flat -= mean
    gram = (flat @ flat.T).double().numpy()
    # All eigenvectors of 4,000 patches take minutes, the largest seconds; they ascend.
    _, vectors = eigsh(gram, k=components, v0=np.ones(len(gram)))
    top = torch.from_numpy(vectors[:, ::-1].astype(np.float32))
    basis = top.T @ flat
    basis /= basis.norm(dim=1, keepdim=True)
    return mean.numpy(), basis.numpy()
