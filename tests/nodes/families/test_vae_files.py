"""Autoencoders in files of their own: FLUX.2's, the small ones by halves, and what is told of each."""

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKLFlux2, AutoencoderKLQwenImage21, AutoencoderTiny
from diffusers.pipelines.flux2.pipeline_flux2_klein import Flux2KleinPipeline
from safetensors.torch import save_file

from nodeflow.node import NodeError, noting
from nodeflow.wires import Image, Latent
from nodes.loaders.load_models import load_vae
from tests.nodes.original_layout import vae_weights


def flux_2(path: Path) -> AutoencoderKLFlux2:
    """As Black Forest Labs name it: CompVis' names, with both small convolutions inside the halves."""
    torch.manual_seed(0)
    module = AutoencoderKLFlux2(
        block_out_channels=(32, 32, 64, 64),
        decoder_block_out_channels=(32, 32, 32, 64),
        layers_per_block=1,
        latent_channels=32,
    ).eval()
    module.bn.running_mean.normal_()
    module.bn.running_var.uniform_(0.5, 2)
    weights = module.state_dict()
    normal = {name: value for name, value in weights.items() if name.startswith("bn.")}
    rest = vae_weights({name: value for name, value in weights.items() if name not in normal}, 4)
    named = {name.removeprefix("first_stage_model."): value for name, value in rest.items()} | normal
    for half, part in (("encoder", "quant_conv"), ("decoder", "post_quant_conv")):
        for end in ("weight", "bias"):
            named[f"{half}.{part}.{end}"] = named.pop(f"{part}.{end}")
    save_file({name: value.contiguous() for name, value in named.items()}, path)
    return module


@torch.no_grad()
def test_flux_2s_latents_are_those_of_its_pipeline(tmp_path: Path) -> None:
    module, vae = flux_2(tmp_path / "flux2-vae.safetensors"), load_vae(str(tmp_path / "flux2-vae.safetensors"))
    assert (vae.format.channels, vae.format.downscale) == (128, 16)
    pixels = torch.rand(2, 3, 64, 32, generator=torch.Generator().manual_seed(1))
    cells = Flux2KleinPipeline._patchify_latents(module.encode(2 * pixels - 1).latent_dist.mode())
    mean = module.bn.running_mean.view(1, -1, 1, 1)
    deviation = torch.sqrt(module.bn.running_var.view(1, -1, 1, 1) + module.config.batch_norm_eps)
    wanted = (cells - mean) / deviation
    found = vae.encode(Image(pixels)).samples
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)
    decoded = module.decode(Flux2KleinPipeline._unpatchify_latents(wanted * deviation + mean)).sample
    told = vae.decode(Latent(wanted)).pixels
    torch.testing.assert_close(told, (decoded / 2 + 0.5).clamp(0, 1), atol=1e-4, rtol=1e-4)


def wan_22_name(name: str, depth: int) -> str:
    """Of diffusers' name of a part of Qwen-Image 2.1's autoencoder: Wan 2.2's, in which it is published as a file. A
    level's last part changes its size, after ``depth`` blocks on the way down and one more on the way up."""
    blocks = "down" if name.startswith("encoder.") else "up"
    last = depth if blocks == "down" else depth + 1
    for new, old in (
        ("conv1.", "residual.2."), ("conv2.", "residual.6."), ("norm1.", "residual.0."), ("norm2.", "residual.3."),
        ("conv_shortcut.", "shortcut."), (f"{blocks}_blocks.", f"{blocks}samples."), ("conv_in.", "conv1."),
        ("mid_block.attentions.0.", "middle.1."), ("mid_block.resnets.0.", "middle.0."),
        ("mid_block.resnets.1.", "middle.2."), ("resnets.", f"{blocks}samples."), ("norm_out.", "head.0."),
        ("conv_out.", "head.2."), (f"{blocks}sampler.", f"{blocks}samples.{last}."), ("post_quant_conv.", "conv2."),
        ("quant_conv.", "conv1."),
    ):  # fmt: skip
        name = name.replace(new, old, 1)
    return name


@torch.no_grad()
def test_qwen_image_21s_in_its_published_names(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = AutoencoderKLQwenImage21(base_dim=8, decoder_base_dim=8).eval()
    original = {
        wan_22_name(name, 2): value[:, :, None].contiguous() if value.ndim == 4 and "gamma" not in name else value
        for name, value in module.state_dict().items()
    }
    assert {"conv1.weight", "decoder.upsamples.0.upsamples.3.time_conv.weight", "encoder.middle.1.proj.bias"} <= set(
        original
    )
    save_file(original, tmp_path / "qwen_image_2.1_vae.safetensors")
    module.save_pretrained(tmp_path / "folder")
    pixels = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    file, folder = load_vae(str(tmp_path / "qwen_image_2.1_vae.safetensors")), load_vae(str(tmp_path / "folder"))
    assert (
        (file.format.channels, file.format.downscale) == (folder.format.channels, folder.format.downscale) == (64, 16)
    )
    latent = folder.encode(Image(pixels))
    assert torch.equal(file.encode(Image(pixels)).samples, latent.samples)
    assert torch.equal(file.decode(latent).pixels, folder.decode(latent).pixels)


def author_names(weights: dict[str, torch.Tensor], half: str) -> dict[str, torch.Tensor]:
    """Of madebyollin/taesd: layers by number, of which a decoder's first keeps its input within a range."""
    more = {"encoder": 0, "decoder": 1}[half]
    found = {}
    for name, value in weights.items():
        if name.startswith(f"{half}.layers."):
            number, _, rest = name.removeprefix(f"{half}.layers.").partition(".")
            found[f"{int(number) + more}.{rest}"] = value
    return found


@pytest.mark.parametrize("channels", [4, 16])
@torch.no_grad()
def test_a_small_vae_by_its_halves(tmp_path: Path, channels: int) -> None:
    torch.manual_seed(0)
    module = AutoencoderTiny(latent_channels=channels).eval()
    weights = module.state_dict()
    for half in ("encoder", "decoder"):
        save_file(author_names(weights, half), tmp_path / f"taesd_{half}.safetensors")
    together = {f"taesd_{half}.{name}": value for half in ("encoder", "decoder")
                for name, value in author_names(weights, half).items()}  # fmt: skip
    save_file(together, tmp_path / "both.safetensors")
    save_file(weights, tmp_path / "diffusers.safetensors")
    pixels = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    latents = module.encode(2 * pixels - 1).latents
    wanted = (module.decode(latents).sample / 2 + 0.5).clamp(0, 1)
    for name in ("taesd_decoder", "taesd_encoder", "both", "diffusers"):
        with noting() as said:
            vae = load_vae(str(tmp_path / f"{name}.safetensors"))
        assert vae.format.channels == channels
        assert torch.equal(vae.encode(Image(pixels)).samples, latents)
        assert torch.equal(vae.decode(Latent(latents)).pixels, wanted)
        assert bool(said) == name.startswith("taesd_")
    (tmp_path / "taesd_encoder.safetensors").unlink()
    with pytest.raises(NodeError, match=r"taesd_decoder\.safetensors is the decoder of a small VAE alone; put its enc"):
        load_vae(str(tmp_path / "taesd_decoder.safetensors"))
