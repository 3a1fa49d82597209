"""The perturbation P_q of the paper, section 6.1 (eq. 1) and figure 1: Perlin noise added to a patch.

P_q(X) = Xn, M, N. M is 1 where the patch is perturbed, N the noise on a black picture. The paper gives
q = 0.75 and no more; the rest is read from DRAEM, from which it takes the idea: the cells along each axis are
a power of two drawn from 1 to 32, and only noise above a threshold of 0.5 is kept.
What differs: DRAEM blends a texture in; here N itself is added, since the text says that the noise is
superimposed and eq. 6 compares |Xn - X^| with N. It is added in one half of the patches and taken away in the
other: a defect may be dark or bright, and on the bright background of a patch added noise would vanish.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PerturbSettings:
    """How often and how strongly a patch is perturbed."""

    q: float = 0.75
    threshold: float = 0.5
    largest_exponent: int = 5  # up to 2^5 = 32 cells along an axis: blobs down to 8 px of 256
    strength: tuple[float, float] = (0.1, 1.0)

    def __post_init__(self) -> None:
        """Raise ValueError for a probability or strength outside [0, 1]."""
        low, high = self.strength
        if not (0 <= self.q <= 1 and 0 <= low <= high <= 1 and self.largest_exponent >= 0):
            raise ValueError(f"q and strength must lie in [0, 1], exponents from 0: {self}")


def _fade(t: Tensor) -> Tensor:
    """Perlin's step 6t^5 - 15t^4 + 10t^3, smooth to the second derivative at the lattice."""
    return t.pow(3) * (t * (t * 6 - 15) + 10)


def perlin(size: int, cells: tuple[int, int], rng: torch.Generator) -> Tensor:
    """Draw Perlin noise float32 [size, size] in about [-1, 1] with `cells` lattice cells down and across."""
    down, across = cells
    angles = 2 * math.pi * torch.rand(down + 1, across + 1, generator=rng)
    slopes = torch.stack([angles.sin(), angles.cos()])  # a unit vector (y, x) at each lattice point
    y, x = (torch.arange(size) * n / size for n in cells)
    row, column = y.long(), x.long()
    dy, dx = (y - row)[:, None], (x - column)[None, :]

    def corner(below: int, right: int) -> Tensor:
        slope = slopes[:, row + below][:, :, column + right]  # [2, size, size]
        return slope[0] * (dy - below) + slope[1] * (dx - right)

    fade_y, fade_x = _fade(dy), _fade(dx)
    top = torch.lerp(corner(0, 0), corner(0, 1), fade_x.expand(size, size))
    bottom = torch.lerp(corner(1, 0), corner(1, 1), fade_x.expand(size, size))
    noise = torch.lerp(top, bottom, fade_y.expand(size, size))
    return noise * math.sqrt(2)


def perturb(x: Tensor, settings: PerturbSettings, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Eq. 1: `x` float32 [N, 1, P, P] in [0, 1] -> Xn, M, N of the same shape; N >= 0, X is left as it is.

    Each patch is perturbed with probability q. `rng` is a CPU generator: a seed means the same on any device.
    """
    noise = torch.zeros(x.shape)
    sign = torch.ones(len(x), 1, 1, 1)
    for i in range(len(x)):
        if float(torch.rand((), generator=rng)) >= settings.q:
            continue
        exponents = torch.randint(settings.largest_exponent + 1, (2,), generator=rng).tolist()
        low, high = settings.strength
        strength = low + (high - low) * float(torch.rand((), generator=rng))
        drawn = perlin(x.shape[-1], (2 ** exponents[0], 2 ** exponents[1]), rng)
        noise[i, 0] = torch.where(drawn > settings.threshold, strength * drawn.clamp(max=1), 0)
        sign[i] = 1 if float(torch.rand((), generator=rng)) < 0.5 else -1
    n = noise.to(x.device)
    mask = (n > 0).to(x.dtype)
    return (x + sign.to(x.device) * n).clamp(0, 1), mask, n
