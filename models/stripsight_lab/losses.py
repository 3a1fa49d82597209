"""The losses of the paper, sections 6.1.3 and 6.2 (eq. 2 to 8), one function an equation.

X is `x`, the clean patch; Xn is `xn`, the perturbed one; X^ is `x_hat`, its redrawing; N is `n`, the noise.
Images are float32 [N, 1, H, W] in [0, 1]. What differs from the text, and why:
  eq. 2  is labelled L_enc there; it is L_adv, as eq. 5 needs both.
  norms  "l1-norm" and "l2-norm" are means over all elements (mean absolute, mean squared difference), as in
         the code of GANomaly, which the paper follows: with sums, eq. 8 would depend on the patch size.
  eq. 6  compares with |Xn - X| instead of N by default, see `noise_loss`.
  Huber  has no delta in the paper; 1 is the default of its framework. Grey in [0, 1] never leaves the
         quadratic part then, so the term is half the mean squared difference.
  SSIM   has no window in the paper; the window and constants are the score's.
  eq. 5  has no counterpart for the discriminator; binary cross-entropy, as it is a binary classifier.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

NoiseTarget = Literal["consistent", "literal"]

# SSIM of Wang et al. 2004 for data of range 1. The score's graph has its own, in its own units.
RADIUS = 5
SIGMA = 1.5
C1 = 0.01**2
C2 = 0.03**2


@dataclass(frozen=True)
class LossWeights:
    """Eq. 8."""

    a: float = 2.0
    b: float = 1.0
    w1: float = 1.0
    w2: float = 50.0
    w3: float = 1.0
    w4: float = 3.0
    huber_delta: float = 1.0


def gaussian() -> Tensor:
    """Return the 11 weights of the window along one axis, float32; they add up to 1."""
    weights = torch.exp(-0.5 * (torch.arange(-RADIUS, RADIUS + 1, dtype=torch.float64) / SIGMA) ** 2)
    return (weights / weights.sum()).float()


def _band(side: int, device: torch.device) -> Tensor:
    """The matrix, float32 [side - 10, side], that slides the window along an axis of `side` pixels."""
    taps, count = gaussian().to(device), side - 2 * RADIUS
    rows = torch.arange(count, device=device)[:, None]
    return torch.zeros(count, side, device=device).scatter_(
        1, rows + torch.arange(len(taps), device=device), taps.expand(count, -1)
    )


def ssim_map(x: Tensor, y: Tensor) -> Tensor:
    """SSIM where the window lies inside: float [N, 1, H, W] in [0, 1] -> float32 [N, 1, H-10, W-10].

    Written in s = x + y and d = x - y, as the score in `graph.ssim` is: with a, b the squares of their local
    means and p, q their local variances, SSIM = (1 - 2b / (a + b + 2 C1)) (1 - 2q / (p + q + 2 C2)). That
    takes four filtered maps and loses no digits where the two are nearly equal. The filters are products with banded
    matrices, which take a quarter of a convolution's time with one channel. Float32 whatever comes in: moments
    in half precision move the score by 1e-3.
    """
    s = x.float() + y.float() - 1  # near zero for mid-grey, so that the variance below keeps its digits
    d = x.float() - y.float()
    maps = torch.cat([s, d, s * s, d * d])  # [4N, 1, H, W]
    down, across = (_band(side, s.device) for side in s.shape[2:])
    s_mean, d_mean, ss_mean, dd_mean = (down @ maps @ across.T).chunk(4)
    a, b = (s_mean + 1).square(), d_mean.square()
    p, q = ss_mean - s_mean.square(), dd_mean - b
    return (1 - 2 * b / (a + b + 2 * C1)) * (1 - 2 * q / (p + q + 2 * C2))


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """Mean SSIM of each pair: float [N, 1, H, W] in [0, 1] -> float32 [N], at most 1."""
    return ssim_map(x, y).mean(dim=(1, 2, 3))


def adversarial_loss(features_x: Tensor, features_x_hat: Tensor) -> Tensor:
    """Eq. 2, L_adv = L2(F_C(X), F_C(X^)): how far the discriminator's last convolutional maps are apart."""
    return functional.mse_loss(features_x_hat, features_x)


def contextual_loss_l1(x: Tensor, x_hat: Tensor, weights: LossWeights) -> Tensor:
    """Eq. 3, L_con before Huber replaced L1 in it: w_a L1(X, X^) + w_b (1 - SSIM(X, X^))."""
    return weights.a * functional.l1_loss(x_hat, x) + weights.b * (1 - ssim(x, x_hat).mean())


def contextual_loss(x: Tensor, x_hat: Tensor, weights: LossWeights) -> Tensor:
    """Eq. 7, L_con = w_a Huber(X, X^) + w_b (1 - SSIM(X, X^))."""
    huber = functional.huber_loss(x_hat, x, delta=weights.huber_delta)
    return weights.a * huber + weights.b * (1 - ssim(x, x_hat).mean())


def encoder_loss(z: Tensor, z_hat: Tensor) -> Tensor:
    """Eq. 4, L_enc = L1(z, z^), of the features of the input and of its redrawing, each [N, latent]."""
    return functional.l1_loss(z_hat, z)


def noise_loss(
    x: Tensor,
    xn: Tensor,
    x_hat: Tensor,
    n: Tensor,
    weights: LossWeights,
    *,
    target: NoiseTarget = "consistent",
) -> Tensor:
    """Eq. 6, L_nse = w_4 L1(|Xn - X^|, N).

    `literal` is that. Where adding N left [0, 1] and was clipped, it is not smallest at X^ = X, so it works
    against eq. 7. `consistent` puts |Xn - X|, the noise that is really in the picture, in the place of N.
    """
    noise = n if target == "literal" else (xn - x).abs()
    return weights.w4 * functional.l1_loss((xn - x_hat).abs(), noise)


def generator_loss(
    adversarial: Tensor, contextual: Tensor, encoder: Tensor, noise: Tensor, weights: LossWeights
) -> Tensor:
    """Eq. 5 with eq. 6 added, w_1 L_adv + w_2 L_con + w_3 L_enc + L_nse; w_4 is already in L_nse."""
    return weights.w1 * adversarial + weights.w2 * contextual + weights.w3 * encoder + noise


def discriminator_loss(logits_x: Tensor, logits_x_hat: Tensor) -> Tensor:
    """Binary cross-entropy with the original as 1 and the redrawing as 0, the mean of both; logits [N, 1]."""
    real = functional.binary_cross_entropy_with_logits(logits_x, torch.ones_like(logits_x))
    fake = functional.binary_cross_entropy_with_logits(logits_x_hat, torch.zeros_like(logits_x_hat))
    return (real + fake) / 2
