"""FreeU: its formulas, where it acts in a U-Net, and that the network is as it was afterwards."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.utils.torch_utils import fourier_filter

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, DiffusionNetwork, LatentFormat
from nodes.denoisers.denoisers import DiTDenoiser, unet_denoiser
from nodes.denoisers.free_u import backbones, free_u, stronger, weaker


@pytest.fixture(scope="module")
def network() -> DiffusionNetwork:
    torch.manual_seed(0)
    module = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(8, 16, 32, 32),
        layers_per_block=1,
        cross_attention_dim=8,
        attention_head_dim=2,
        norm_num_groups=4,
    )
    return DiffusionNetwork(module.eval(), LatentFormat(4, 8, 16), "epsilon")


def asked(denoiser: Any) -> torch.Tensor:
    x = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    text = Conditioning(torch.randn(1, 3, 8, generator=torch.Generator().manual_seed(2)))
    with torch.no_grad():
        found: torch.Tensor = denoiser.predict(x, torch.tensor(500.0), text)
    return found


def test_skips_lose_low_frequencies_as_in_diffusers() -> None:
    skip = torch.randn(2, 6, 16, 16, generator=torch.Generator().manual_seed(3))
    assert torch.allclose(weaker(skip, 0.3), fourier_filter(skip, 1, 0.3), atol=1e-6)
    assert torch.allclose(weaker(skip, 1.0), skip, atol=1e-6)


def test_the_backbone_grows_where_it_stands_out() -> None:
    backbone = torch.zeros(1, 4, 2, 2)
    backbone[..., 0, 0], backbone[..., 1, 1] = 1.0, 0.5
    grown = stronger(backbone, 2.0, "2")
    assert grown[0, 0].tolist() == [[2.0, 0.0], [0.0, 0.75]] and torch.equal(grown[:, 2:], backbone[:, 2:])
    assert stronger(backbone, 2.0, "1")[0, 0].tolist() == [[2.0, 0.0], [0.0, 1.0]]
    flat = torch.ones(1, 4, 2, 2)
    assert torch.equal(stronger(flat, 2.0, "2"), flat)


def test_it_acts_by_the_channels_of_the_backbone_and_only_while_asked(network: DiffusionNetwork) -> None:
    channels = [found for _, found in backbones(network.module)]
    assert channels == [32, 32, 32, 32, 32, 16, 16, 8]
    plain = unet_denoiser(network)
    before = asked(plain)
    assert torch.allclose(asked(free_u(plain, 1, 1, 1, 1)), before, atol=1e-5)
    inner, outer = asked(free_u(plain, 1.3, 1, 0.9, 1)), asked(free_u(plain, 1, 1.4, 1, 0.2))
    assert not torch.allclose(inner, before, atol=1e-3) and not torch.allclose(outer, before, atol=1e-3)
    assert not torch.allclose(inner, outer, atol=1e-3)
    assert torch.equal(asked(plain), before)
    assert not any(layer._forward_pre_hooks for layer, _ in backbones(network.module))


def test_other_networks_are_refused() -> None:
    other = DiTDenoiser(DiffusionNetwork(torch.nn.Linear(1, 1), LatentFormat(4, 8, 16), "epsilon"), "epsilon", False)
    with pytest.raises(NodeError, match="U-Nets of Stable Diffusion"):
        free_u(other)
