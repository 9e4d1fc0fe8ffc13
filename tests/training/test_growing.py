"""A U-Net that grows keeps what it learnt, and works on images twice as wide."""

import torch

from training.data import pixels
from training.loops.growing import grown
from training.models import unclip_decoder


def test_what_was_learnt_is_the_inside_of_the_larger_network() -> None:
    small = pixels.new_unet()
    large = grown(small)
    before, after = small.state_dict(), large.state_dict()
    assert large.config.sample_size == 2 * small.config.sample_size
    assert torch.equal(after["down_blocks.3.resnets.0.conv1.weight"], before["down_blocks.2.resnets.0.conv1.weight"])
    assert torch.equal(after["mid_block.resnets.0.conv1.weight"], before["mid_block.resnets.0.conv1.weight"])
    assert torch.equal(after["up_blocks.0.resnets.0.conv1.weight"], before["up_blocks.0.resnets.0.conv1.weight"])
    noisy, words = torch.randn(1, 3, 64, 64), torch.randn(1, 4, pixels.TEXT_WIDTH)
    assert large(noisy, torch.tensor([500]), words).sample.shape == (1, 3, 64, 64)
    assert all(weight.requires_grad for weight in large.parameters())


def test_a_decoder_of_unclip_grows_too() -> None:
    decoder = unclip_decoder.DecoderLearner()
    decoder.unet = grown(decoder.unet)
    vector, text = torch.randn(1, 128), torch.randn(1, 128)
    states, mask = torch.randn(1, 5, 128), torch.ones(1, 5, dtype=torch.bool)
    painted = decoder(torch.randn(1, 3, 64, 64), torch.tensor([500]), vector, text, states, mask)
    assert painted.shape == (1, 3, 64, 64)
