"""Residual blocks A, B, C."""

import pytest
import torch

from stripsight_lab.network.blocks import Block, BlockSettings, Kind, Stage

CONCAT, ADD = BlockSettings(), BlockSettings(join="add")
BARE = BlockSettings(join="add", norm="none")


@pytest.mark.parametrize(
    ("kind", "inputs", "up", "shape"),
    [
        ("A", 5, False, (2, 16, 12, 12)),
        ("B", 16, False, (2, 24, 12, 12)),
        ("C", 24, False, (2, 32, 6, 6)),
        ("A", 5, True, (2, 16, 12, 12)),
        ("B", 16, True, (2, 24, 12, 12)),
        ("C", 24, True, (2, 32, 24, 24)),
    ],
)
def test_concatenation_ends_in_2f_3f_4f(kind: Kind, inputs: int, up: bool, shape: tuple[int, ...]) -> None:
    """With f = 8 the blocks end in 16, 24 and 32 channels, and only C changes height and width."""
    block = Block(kind, inputs, 8, CONCAT, up=up)
    assert block(torch.rand(2, inputs, 12, 12)).shape == shape
    assert block.outputs == shape[1]


@pytest.mark.parametrize(("up", "side"), [(False, 4), (True, 16)])
def test_a_stage_of_additions_stays_f_wide(up: bool, side: int) -> None:
    """With `add` every block ends in f."""
    stage = Stage(3, 8, ADD, up=up)
    assert stage(torch.rand(2, 3, 8, 8)).shape == (2, 8, side, side)
    assert [block.outputs for block in stage.children() if isinstance(block, Block)] == [8, 8, 8]


def test_b_carries_its_input_through() -> None:
    """Block B's shortcut is the input itself, behind the f channels of its convolutions."""
    x = torch.randn(2, 16, 6, 6)
    assert torch.equal(Block("B", 16, 8, CONCAT)(x)[:, 8:], x)


def test_c_resamples_its_input() -> None:
    """Block C's shortcut halves by averaging in the encoder and doubles by repetition in the decoder."""
    x = torch.arange(4.0).reshape(1, 1, 2, 2)
    down = Block("C", 1, 1, CONCAT).eval()(x)[:, 1:]
    up = Block("C", 1, 1, CONCAT, up=True).eval()(x)[:, 1:]
    assert down.flatten().tolist() == [1.5]
    assert up[0, 0].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]


def test_addition_with_silent_convolutions_is_the_identity() -> None:
    """With `add` and convolutions at zero, B gives back its input: a residual block."""
    block = Block("B", 8, 8, BARE)
    for weight in block.path.parameters():
        torch.nn.init.zeros_(weight)
    x = torch.randn(2, 8, 6, 6)
    assert torch.equal(block(x), x)


@pytest.mark.parametrize(("raw", "expected"), [(True, [-3.0, 2.0]), (False, [0.0, 2.0])])
def test_activation_comes_first_except_on_the_picture(raw: bool, expected: list[float]) -> None:
    """ResNet version 2: block A's 1 x 1 convolution sees activated features, the first block the picture."""
    block = Block("A", 1, 1, BARE, raw=raw)
    for weight in block.parameters():
        torch.nn.init.zeros_(weight)
    torch.nn.init.ones_(block.shortcut.get_parameter("weight"))
    assert block(torch.tensor([[[[-3.0, 2.0]]]])).flatten().tolist() == expected


def test_addition_of_different_widths_is_refused() -> None:
    """8 channels cannot be added to 16."""
    with pytest.raises(ValueError, match="got 16"):
        Block("B", 16, 8, ADD)
