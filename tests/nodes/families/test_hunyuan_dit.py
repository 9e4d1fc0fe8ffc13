"""Hunyuan-DiT: each step of diffusers' own pipeline, by both kinds of network and from both layouts of names."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, HunyuanDiTPipeline
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Noise
from nodes.adapters.lora import apply_lora
from nodes.conditioning.text_encode import clip_text_encode
from nodes.conditioning.weighted_text import picture_sizes
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.families.hunyuan_dit.family import FAMILY
from nodes.loaders.load_by_family import load_model
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.parity import told
from tests.nodes.families.small.hunyuan_dit import hunyuan_dit, hunyuan_dit_1
from tests.nodes.families.split_files import Split
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

Folders = Callable[[Callable[[Path], None]], Path]
TEXT, OTHER = "a red star 红星", "blue"


@pytest.mark.parametrize(
    ("save", "kind", "scale"),
    [
        (hunyuan_dit, "DDPM", 5.0),
        (hunyuan_dit, "DPM++ 2M", 5.0),
        pytest.param(hunyuan_dit, "DDPM", 1.0, marks=pytest.mark.slow),
        (hunyuan_dit_1, "DDPM", 5.0),
    ],
)
def test_each_step_is_that_of_the_pipeline(
    folders: Folders, save: Callable[[Path], None], kind: str, scale: float
) -> None:
    """1.2, and 1.0, which is told that it paints a part of an image of 1024 x 1024."""
    folder = folders(save)
    pipeline: Any = HunyuanDiTPipeline.from_pretrained(folder)
    if kind != "DDPM":
        pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    wanted, images = recorded(
        pipeline,
        prompt=[TEXT] * 2,
        negative_prompt=[OTHER] * 2,
        height=64,
        width=96,
        use_resolution_binning=False,
        guidance_scale=scale,
        num_inference_steps=3,
        generator=[torch.Generator().manual_seed(seed) for seed in (3, 4)],
    )
    model = load_model(str(folder))
    assert (model.network.family, model.network.prediction) == ("Hunyuan-DiT", "v")
    texts = [clip_text_encode(model.text_encoder, text) for text in (TEXT, OTHER)]
    guider = classifier_free_guidance(network_denoiser(model.network), *texts, scale)
    latent, trajectory, *_ = finish(sample(guider, scheduler(model.schedule, kind, 3), Noise((3, 4), 96, 64)))[1]
    version = "1.2" if save is hunyuan_dit else "1.0"
    told("Hunyuan-DiT", f"{version}, text{', guidance' if scale > 1 else ''}, {kind}", trajectory.x[1:], wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_sizes_reach_a_network_that_is_told_them(folders: Folders) -> None:
    x, t = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor(500.0)
    for save, same in ((hunyuan_dit, True), (hunyuan_dit_1, False)):
        model = load_model(str(folders(save)))
        text, denoiser = clip_text_encode(model.text_encoder, TEXT), network_denoiser(model.network)
        usual = denoiser.predict(x, t, text)
        assert torch.equal(denoiser.predict(x, t, picture_sizes(text, 1024, 1024, 0, 0, 64, 64)), usual)
        assert torch.equal(denoiser.predict(x, t, picture_sizes(text, 512, 1024, 8, 0, 64, 64)), usual) == same


@torch.no_grad()
def test_a_file_of_comfyui_is_the_folder(splits: Callable[[str], Split], tmp_path: Path) -> None:
    """Its network stands behind model., its first text encoder behind bert., and the vocabulary of the other in it;
    that of the first lies beside it. Of two images: what MKL makes of one row depends on where its weights lie."""
    files = splits("Hunyuan-DiT")
    assert files.whole is not None
    named = {
        name.replace("model.diffusion_model.", "model.").replace("clip.transformer.", "clip.transformer.bert."): value
        for name, value in load_file(files.whole).items()
    }
    save_file(named, tmp_path / "hunyuan_dit_1.2.safetensors")
    (tmp_path / "tokenizer").symlink_to(files.folder / "tokenizer")
    models = [load_model(str(path)) for path in (tmp_path / "hunyuan_dit_1.2.safetensors", files.folder)]
    x, t = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor(500.0)
    said = [network_denoiser(one.network).predict(x, t, clip_text_encode(one.text_encoder, TEXT)) for one in models]
    assert torch.equal(*said)


@torch.no_grad()
def test_an_adapter_is_what_peft_computes(folders: Folders, tmp_path: Path) -> None:
    """diffusers has no loader for this network's; peft trains and saves them by itself."""
    network: Any = load_model(str(folders(hunyuan_dit))).network
    text, x = tokens_of(network), torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    targets = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "skip_linear", "c_proj"]
    settings = LoraConfig(r=2, lora_alpha=3, target_modules=targets, init_lora_weights=False)
    trained = get_peft_model(copy.deepcopy(network.module), settings).eval()
    trained.save_pretrained(tmp_path)
    led, wanted, alone = (
        network_denoiser(one).predict(x, torch.tensor(500.0), text)
        for one in (
            apply_lora(network, str(tmp_path / "adapter_model.safetensors")),
            replace(network, module=trained.base_model.model),
            network,
        )
    )
    torch.testing.assert_close(led, wanted, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(led, alone, atol=1e-4)


def test_a_layer_whose_name_is_another_s_elsewhere_is_refused(folders: Folders, tmp_path: Path) -> None:
    """Its makers' second norm is the library's third."""
    network: Any = load_model(str(folders(hunyuan_dit))).network
    save_file({"lora_unet_blocks_0_norm2.w_norm": torch.ones(32)}, tmp_path / "norm.safetensors")
    with pytest.raises(NodeError, match="Hunyuan-DiT"):
        apply_lora(network, str(tmp_path / "norm.safetensors"))


def tokens_of(network: Any) -> Conditioning:
    """Random tokens, some of which fill up."""
    length, draw = 333, torch.Generator().manual_seed(2)
    width = network.module.config.cross_attention_dim
    return Conditioning(torch.randn(1, length, width, generator=draw), mask=torch.arange(length)[None] % 256 < 9)


def test_each_version_has_its_schedule() -> None:
    ends = {told: FAMILY.schedule({"use_style_cond_and_image_meta_size": told})["beta_end"] for told in (True, False)}
    assert ends == {True: 0.03, False: 0.018}


def test_what_does_not_fit_is_a_sentence(folders: Folders) -> None:
    model = load_model(str(folders(hunyuan_dit)))
    with pytest.raises(NodeError, match="whose sides are multiples of 16; 72 x 64 is not"):
        network_denoiser(model.network).predict(torch.zeros(1, 4, 8, 9), torch.tensor(500.0), tokens_of(model.network))
    text = replace(Conditioning(torch.zeros(1, 120, 4096)), mask=torch.ones(1, 120))
    with pytest.raises(NodeError, match="wire its own encoding of a text"):
        network_denoiser(model.network).predict(torch.zeros(1, 4, 8, 8), torch.tensor(500.0), text)
