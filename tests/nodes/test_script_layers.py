"""Layers that an image is taken apart into, in scripts."""

from __future__ import annotations

import torch
from diffusers import AutoencoderKLQwenImage

from nodeflow.wires import Latent, Reference
from nodes.latents.layers import decode_layers as in_runs
from nodes.loaders.families.autoencoders.frames import opaque_vae
from nodes.script.functions.vaes import decode_layers


def test_layers_are_as_opaque_as_in_runs() -> None:
    torch.manual_seed(0)
    module = AutoencoderKLQwenImage(base_dim=8, input_channels=4).requires_grad_(False)
    latents = torch.randn(2, 16, 3 * 4, 6)
    reference = Reference(Latent(torch.zeros(1, 16, 4, 6)), None, "Qwen-Image-Layered")
    wanted = in_runs(Latent(latents), opaque_vae(module, 6), reference)
    images, opacity = decode_layers(module, latents, 4)  # type: ignore[no-untyped-call]
    assert torch.equal(images, wanted.image.pixels)
    assert torch.equal(opacity, wanted.mask.values)
    assert images.shape == (4, 3, 32, 48) and opacity.shape == (4, 1, 32, 48)
