"""Each loss by a number worked out by hand."""

import math

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from stripsight_lab import losses
from stripsight_lab.losses import LossWeights, NoiseTarget

WEIGHTS = LossWeights()


def flat(grey: float) -> torch.Tensor:
    """A patch of one grey."""
    return torch.full((1, 1, 16, 16), grey)


# Two flat patches of 0.5 and 0.7 have no variance, so SSIM is its first factor:
# (2 * 0.5 * 0.7 + 0.01^2) / (0.5^2 + 0.7^2 + 0.01^2) = 0.7001 / 0.7401 = 0.945953, and 1 - SSIM = 0.054047.
# In float32 the variance of a flat patch is not quite zero, which moves SSIM by 1e-5.


def test_weights_are_those_of_eq_8() -> None:
    """w_a 2, w_b 1, w_1 1, w_2 50, w_3 1, w_4 3."""
    w = WEIGHTS
    assert (w.a, w.b, w.w1, w.w2, w.w3, w.w4) == (2, 1, 1, 50, 1, 3)


def test_adversarial_loss_eq_2() -> None:
    """Differences 1, 0, 2, 1: mean square 6 / 4."""
    loss = losses.adversarial_loss(torch.tensor([[1.0, 2, 3, 4]]), torch.tensor([[2.0, 2, 1, 3]]))
    assert loss.item() == pytest.approx(1.5)


def test_contextual_loss_of_eq_3() -> None:
    """2 * |0.5 - 0.7| + 0.054047 = 0.454047."""
    loss = losses.contextual_loss_l1(flat(0.5), flat(0.7), WEIGHTS)
    assert loss.item() == pytest.approx(0.454047, abs=2e-5)


def test_contextual_loss_eq_7() -> None:
    """Huber is 0.2^2 / 2 = 0.02, so 2 * 0.02 + 0.054047 = 0.094047."""
    loss = losses.contextual_loss(flat(0.5), flat(0.7), WEIGHTS)
    assert loss.item() == pytest.approx(0.094047, abs=2e-5)


def test_huber_turns_linear_at_its_delta() -> None:
    """With delta 0.1, Huber of 0.2 is 0.1 * (0.2 - 0.05) = 0.015; w_a 2 and w_b 0 leave 0.03."""
    loss = losses.contextual_loss(flat(0.5), flat(0.7), LossWeights(b=0, huber_delta=0.1))
    assert loss.item() == pytest.approx(0.03, abs=1e-6)


def test_encoder_loss_eq_4() -> None:
    """Differences 1, 3: mean 2."""
    assert losses.encoder_loss(torch.tensor([[1.0, -1]]), torch.tensor([[2.0, 2]])).item() == 2


@pytest.mark.parametrize(
    ("target", "x_hat", "expected"),
    [
        # X 0.9 with noise 0.3 is clipped at 1.0, so the picture holds noise of 0.1 only.
        ("consistent", 0.9, 0.0),  # 3 * | |1.0 - 0.9| - |1.0 - 0.9| |
        ("literal", 0.9, 0.6),  # 3 * | |1.0 - 0.9| - 0.3 |
        ("consistent", 0.6, 0.9),  # 3 * | |1.0 - 0.6| - 0.1 |
        ("literal", 0.6, 0.3),  # 3 * | |1.0 - 0.6| - 0.3 |
    ],
)
def test_noise_loss_eq_6(target: NoiseTarget, x_hat: float, expected: float) -> None:
    """`consistent` is smallest at X^ = X; `literal` prefers a wrong picture where the noise was clipped."""
    loss = losses.noise_loss(flat(0.9), flat(1.0), flat(x_hat), flat(0.3), WEIGHTS, target=target)
    assert loss.item() == pytest.approx(expected, abs=1e-6)


def test_generator_loss_eq_5() -> None:
    """1 * 0.5 + 50 * 0.1 + 1 * 0.2 + 0.9 = 6.6."""
    terms = [torch.tensor(value) for value in (0.5, 0.1, 0.2, 0.9)]
    assert losses.generator_loss(*terms, WEIGHTS).item() == pytest.approx(6.6)


def test_discriminator_loss() -> None:
    """An original given 3/4 costs ln 4/3, a redrawing given 1/8 costs ln 8/7: 0.287682 and 0.133531."""
    loss = losses.discriminator_loss(torch.tensor([[math.log(3)]]), torch.tensor([[-math.log(7)]]))
    assert loss.item() == pytest.approx(0.210607, abs=1e-5)


@pytest.mark.parametrize("noise", [0.0, 0.002, 0.1, 1.0])
def test_ssim_is_that_of_scikit_image(noise: float) -> None:
    """Gaussian, sigma 1.5, valid region, population covariance: the mean within 1e-5, equal to unlike."""
    rng = np.random.default_rng(3)
    x = rng.random((40, 52)).astype(np.float32)
    y = np.clip(x + noise * rng.normal(size=x.shape), 0, 1).astype(np.float32)
    _, full = structural_similarity(
        x.astype(np.float64), y.astype(np.float64), data_range=1, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    reference = full[5:-5, 5:-5]
    ours = losses.ssim_map(torch.from_numpy(x)[None, None], torch.from_numpy(y)[None, None])
    assert ours.shape == (1, 1, 30, 42)
    assert np.abs(ours[0, 0].numpy() - reference).max() < 1e-4
    assert losses.ssim(torch.from_numpy(x)[None, None], torch.from_numpy(y)[None, None]).item() == pytest.approx(
        reference.mean(), abs=1e-5
    )


def test_ssim_scores_each_patch_alone_and_in_float32() -> None:
    """One value a patch; exactly 1 for equal patches; half precision in, float32 out."""
    x = torch.rand(3, 1, 20, 20)
    y = x.clone()
    y[1] = 1 - y[1]
    scores = losses.ssim(x, y)
    assert (scores[0].item(), scores[2].item()) == (1, 1)
    assert scores[1] < 0.5
    assert losses.ssim(x.half(), x.half()).dtype == torch.float32


def test_following_the_gradient_of_the_contextual_loss_raises_ssim() -> None:
    """SSIM can be trained on."""
    torch.manual_seed(0)
    x, drawn = torch.rand(1, 1, 20, 20), torch.full((1, 1, 20, 20), 0.5, requires_grad=True)
    before = losses.ssim(x, drawn).item()
    adam = torch.optim.Adam([drawn], lr=0.02)
    for _ in range(20):
        loss = losses.contextual_loss(x, drawn, WEIGHTS)
        adam.zero_grad()
        torch.autograd.backward(loss)
        adam.step()
    assert losses.ssim(x, drawn).item() > before + 0.5
