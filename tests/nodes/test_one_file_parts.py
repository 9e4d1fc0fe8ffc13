"""Autoencoders and ControlNets in one file each: the same weights and shape as what they were written from."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from safetensors.torch import save_file
from torch import nn

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.controls.controlnet import load_controlnet
from nodes.latents.vae import DiffusersVAE
from nodes.loaders.families.controlnet.controlnet_folder import DiffusersControlNet
from nodes.loaders.load_models import load_vae
from tests.nodes.conftest import tiny_unet
from tests.nodes.original_layout import LAYERS, Weights, unet_weights, vae_weights
from tests.nodes.original_xl import SMALL_BASE

UNETS: dict[str, dict[str, Any]] = {
    "1": {"attention_head_dim": 8, "cross_attention_dim": 64},
    "2": {"attention_head_dim": (1, 2), "cross_attention_dim": 128, "use_linear_projection": True},
    "xl": SMALL_BASE | {"addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 128 + 6 * 256},
}


def new_vae(channels: int) -> AutoencoderKL:
    torch.manual_seed(0)
    return AutoencoderKL(
        block_out_channels=(32, 32, 64),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=2,
        latent_channels=channels,
        use_quant_conv=channels == 4,
        use_post_quant_conv=channels == 4,
    )


def assert_same(found: nn.Module, wanted: nn.Module) -> None:
    ours, theirs = found.state_dict(), wanted.state_dict()
    assert ours.keys() == theirs.keys()
    for name, weight in theirs.items():
        assert torch.equal(ours[name], weight), name


@pytest.mark.parametrize("names", ["first_stage_model.", "vae.", "", "diffusers"])
@pytest.mark.parametrize(
    ("made_for", "channels", "scaling", "shift"),
    [
        ("Stable Diffusion 1 and 2", 4, 0.18215, 0.0),
        ("Stable Diffusion XL", 4, 0.13025, 0.0),
        ("Stable Diffusion 3", 16, 1.5305, 0.0609),
        ("FLUX", 16, 0.3611, 0.1159),
    ],
)
def test_an_autoencoder_in_one_file(
    tmp_path: Path, names: str, made_for: Any, channels: int, scaling: float, shift: float
) -> None:
    module, path = new_vae(channels), tmp_path / "vae.safetensors"
    weights: Weights = dict(module.state_dict())
    if names != "diffusers":
        original = vae_weights(weights, 3)
        weights = {name.replace("first_stage_model.", names): value for name, value in original.items()}
    save_file({name: value.contiguous() for name, value in weights.items()}, path)
    found = load_vae(str(path), made_for=made_for)
    assert isinstance(found, DiffusersVAE)
    assert_same(found.module, module)
    assert (found.scaling, found.shift, found.format.channels, found.format.downscale) == (scaling, shift, channels, 4)
    pixels = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        wanted = (module.encode(2 * pixels - 1).latent_dist.mode() - shift) * scaling
    torch.testing.assert_close(found.encode(Image(pixels)).samples, wanted, atol=1e-5, rtol=1e-4)


def test_what_a_vae_is_for_has_to_be_said_and_has_to_fit(tmp_path: Path) -> None:
    path = tmp_path / "vae.safetensors"
    weights = vae_weights(new_vae(4).state_dict(), 3)
    save_file(weights, path)
    with pytest.raises(NodeError, match="does not say whose latents it makes; set made_for"):
        load_vae(str(path))
    with pytest.raises(NodeError, match=r"a VAE with 4 channels .*, which makes no latents of FLUX\.1; set made_for"):
        load_vae(str(path), made_for="FLUX")
    assert load_vae(str(path), made_for="Stable Diffusion XL", dtype="float16").module.dtype == torch.float32  # type: ignore[attr-defined]
    weights.pop("first_stage_model.decoder.mid.block_1.conv1.weight")
    save_file(weights, path)
    with pytest.raises(NodeError, match=r"lacks the weight decoder\.mid\.block_1\.conv1\.weight"):
        load_vae(str(path), made_for="Stable Diffusion XL")


def new_controlnet(version: str) -> ControlNetModel:
    torch.manual_seed(0)
    shape = {"block_out_channels": (64, 128), "layers_per_block": LAYERS, "norm_num_groups": 32}
    unet: UNet2DConditionModel = tiny_unet(**{**shape, **UNETS[version]})
    net = ControlNetModel.from_unet(unet)
    for weight in net.parameters():
        if not weight.any():
            nn.init.normal_(weight, std=0.1)
    return net


def original_controlnet(weights: Weights) -> Weights:
    """diffusers' names to those of ControlNet's authors."""
    found: Weights = {}
    rest = {name: value for name, value in weights.items() if not name.startswith("controlnet_")}
    for name, value in unet_weights(rest).items():
        found[name.replace("model.diffusion_model.", "control_model.")] = value
    for name, value in weights.items():
        new = re.sub(r"^controlnet_down_blocks\.(\d+)", r"zero_convs.\1.0", name)
        new = re.sub(r"^controlnet_mid_block", "middle_block_out.0", new)
        new = re.sub(r"^controlnet_cond_embedding\.conv_in", "input_hint_block.0", new)
        new = re.sub(r"^controlnet_cond_embedding\.conv_out", "input_hint_block.14", new)
        new = re.sub(
            r"^controlnet_cond_embedding\.blocks\.(\d+)", lambda m: f"input_hint_block.{2 * int(m[1]) + 2}", new
        )
        if new != name:
            found[f"control_model.{new}"] = value
    return found


@pytest.mark.parametrize(("version", "original"), [("1", True), ("1", False), ("2", True), ("2", False), ("xl", False)])
def test_a_controlnet_in_one_file(tmp_path: Path, version: str, original: bool) -> None:
    net, path = new_controlnet(version), tmp_path / "control.safetensors"
    weights = original_controlnet(net.state_dict()) if original else net.state_dict()
    save_file(weights, path)
    found = load_controlnet(str(path))
    assert isinstance(found, DiffusersControlNet)
    assert_same(found.module, net)
    assert found.downscale == 8
    x, tokens, picture = (
        torch.randn(1, 4, 8, 8),
        torch.randn(1, 7, net.config.cross_attention_dim),
        torch.rand(1, 3, 64, 64),
    )
    told = {"text_embeds": torch.randn(1, 128), "time_ids": torch.ones(1, 6)} if version == "xl" else None
    with torch.no_grad():
        ours = found.residuals(x, torch.tensor(5), tokens, picture, 0.7, told)
        theirs = net(x, torch.tensor(5), tokens, picture, 0.7, added_cond_kwargs=told, return_dict=False)
    torch.testing.assert_close([*ours[0], ours[1]], [*theirs[0], theirs[1]], atol=1e-5, rtol=1e-4)


def test_a_controlnet_that_lacks_weights_is_a_sentence(tmp_path: Path) -> None:
    weights, path = new_controlnet("1").state_dict(), tmp_path / "control.safetensors"
    save_file({name: value for name, value in weights.items() if name != "mid_block.attentions.0.proj_in.weight"}, path)
    with pytest.raises(NodeError, match=r"\(network\) lacks mid_block\.attentions\.0\.proj_in\.weight"):
        load_controlnet(str(path))
    save_file({name: value for name, value in weights.items() if name != "controlnet_mid_block.bias"}, path)
    with pytest.raises(NodeError, match=r"lacks the weight controlnet_mid_block\.bias"):
        load_controlnet(str(path))
