"""The generator of the paper, sections 6.1.3 and 7.2: encoder G_E, decoder G_D, second encoder G_E^.

Encoder: four stages of blocks A, B, C, each halving H and W, to 16 x 16 x 1024. Bottleneck: dense, 64
features. Decoder: the same with transposed convolutions, widths in reverse, to 256 x 256 x 1 and a sigmoid.
The second encoder has the architecture of the first and weights of its own, and is used in training only.

What differs, and why: a last norm and activation stand before the dense layer and before the decoder's last
3 x 3 convolution, as ResNet version 2 ends; the paper does not draw that convolution, but 4f channels have
to become one. `stem` is not in the paper: it folds squares of stem x stem pixels into channels ahead of the
encoder and unfolds them after the decoder, since the stages at full resolution are too slow for two CPU
cores. 1 is the paper's.
"""

from dataclasses import dataclass, field

from torch import Tensor, nn

from stripsight_lab.network.blocks import BlockSettings, Stage, preactivation


@dataclass(frozen=True)
class GeneratorSettings:
    """Sizes of the generator; the defaults are the paper's own. Raises ValueError for sizes that misfit."""

    widths: tuple[int, ...] = (32, 64, 128, 256)  # of the convolutions, a stage each
    latent: int = 64
    patch_size: int = 256
    in_channels: int = 1
    out_channels: int = 1
    stem: int = 1
    blocks: BlockSettings = field(default_factory=BlockSettings)

    def __post_init__(self) -> None:
        """Check that every stage halves to whole pixels."""
        sizes = (*self.widths, self.latent, self.in_channels, self.out_channels, self.stem)
        if not self.widths or min(sizes) < 1:
            raise ValueError(f"every size must be at least 1, with a stage or more: {self}")
        if self.grid < 1 or self.patch_size % self.reduction:
            raise ValueError(f"patch_size must be a multiple of stem * 2^stages: {self}")

    @property
    def reduction(self) -> int:
        """Pixels of the patch along an axis for each place of the encoder's last map, 16 in the paper."""
        return self.stem << len(self.widths)

    @property
    def grid(self) -> int:
        """Height and width of the encoder's last map, 16 in the paper."""
        return self.patch_size // self.reduction

    @property
    def top(self) -> int:
        """Channels of the encoder's last map, 1024 in the paper."""
        return self.widths[-1] * (4 if self.blocks.join == "concat" else 1)


PAPER = GeneratorSettings()
"""The paper's own: 16 x 16 x 1024 ahead of the bottleneck."""

COMPACT = GeneratorSettings(widths=(8, 16, 24, 32), stem=8)
"""Fits the slot on two CPU cores: the same blocks and stages on a picture folded 8 x 8, to 2 x 2 x 128."""


class Encoder(nn.Module):
    """G_E and G_E^: float [N, in_channels, P, P] -> z [N, latent]."""

    def __init__(self, settings: GeneratorSettings) -> None:
        """Build the stages and the bottleneck."""
        super().__init__()
        channels = settings.in_channels * settings.stem**2
        self.fold = nn.PixelUnshuffle(settings.stem)
        self.stages = nn.Sequential()
        for i, width in enumerate(settings.widths):
            stage = Stage(channels, width, settings.blocks, raw=i == 0)
            self.stages.append(stage)
            channels = stage.outputs
        self.last = preactivation(channels, settings.blocks)
        self.dense = nn.Linear(channels * settings.grid**2, settings.latent)

    def features(self, x: Tensor) -> Tensor:
        """The last map, [N, channels, grid, grid]."""
        features: Tensor = self.stages(self.fold(x))  # [N, C, P, P] -> [N, C stem^2, P/stem, P/stem] -> ...
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Infer z from `x`."""
        ready = self.last(self.features(x)).flatten(1)  # [N, c, g, g] -> [N, c g^2]
        z: Tensor = self.dense(ready)
        return z


class Decoder(nn.Module):
    """G_D: z float [N, latent] -> X^ [N, out_channels, P, P] in [0, 1]."""

    def __init__(self, settings: GeneratorSettings) -> None:
        """Build the dense layer, the stages in reverse and the last convolution."""
        super().__init__()
        channels = settings.top
        self.shape = (channels, settings.grid, settings.grid)
        self.dense = nn.Linear(settings.latent, channels * settings.grid**2)
        self.stages = nn.Sequential()
        for width in reversed(settings.widths):
            stage = Stage(channels, width, settings.blocks, up=True)
            self.stages.append(stage)
            channels = stage.outputs
        self.last = preactivation(channels, settings.blocks)
        self.draw = nn.ConvTranspose2d(channels, settings.out_channels * settings.stem**2, 3, padding=1)
        self.unfold = nn.PixelShuffle(settings.stem)

    def forward(self, z: Tensor) -> Tensor:
        """Redraw the patch that `z` describes."""
        seed = self.dense(z).unflatten(1, self.shape)  # [N, c g^2] -> [N, c, g, g]
        drawn = self.draw(self.last(self.stages(seed)))
        x_hat: Tensor = self.unfold(drawn).sigmoid()  # [N, C stem^2, P/stem, P/stem] -> [N, C, P, P]
        return x_hat


class Autoencoder(nn.Module):
    """G_E then G_D, all that is used in service: float32 [N, 1, P, P] in [0, 1] to the same."""

    def __init__(self, settings: GeneratorSettings) -> None:
        """Build both halves."""
        super().__init__()
        self.encoder = Encoder(settings)
        self.decoder = Decoder(settings)

    def forward(self, x: Tensor) -> Tensor:
        """Redraw `x` as a good patch."""
        x_hat: Tensor = self.decoder(self.encoder(x))
        return x_hat


class Generator(nn.Module):
    """Encoder, decoder, encoder: the Generator of the paper as it is trained."""

    def __init__(self, settings: GeneratorSettings) -> None:
        """Build the autoencoder and the second encoder."""
        super().__init__()
        self.autoencoder = Autoencoder(settings)
        self.second_encoder = Encoder(settings)

    def forward(self, xn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Xn [N, 1, P, P] -> z [N, latent], X^ [N, 1, P, P], z^ [N, latent]."""
        z: Tensor = self.autoencoder.encoder(xn)
        x_hat: Tensor = self.autoencoder.decoder(z)
        z_hat: Tensor = self.second_encoder(x_hat)
        return z, x_hat, z_hat
