"""Stable Cascade's stages beside diffusers' own pipelines, step by step, and from files in the makers' names."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableCascadeDecoderPipeline, StableCascadePriorPipeline, StableCascadeUNet
from diffusers.pipelines.deprecated.wuerstchen import PaellaVQModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Latent, Noise
from nodes.conditioning.cascade_conditioning import cascade_conditioning
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import vae_decode, vae_encode
from nodes.loaders.load_by_family import LoadedModel, load_diffusion_model, load_model
from nodes.loaders.load_models import load_vae
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.parity import told
from tests.nodes.families.small.cascade import stage_b, stage_c
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

TEXT, OTHER, SEED = "a red star", "blue", 3
Folders = Callable[[Callable[[Path], None]], Path]


def run(model: LoadedModel, texts: tuple[Conditioning, Conditioning], scale: float, size: tuple[int, int]) -> Any:
    guider = classifier_free_guidance(network_denoiser(model.network), *texts, scale)
    return finish(sample(guider, scheduler(model.schedule, "DDPM", 4), Noise((SEED,), size[1], size[0])))[1]


@pytest.fixture(scope="module")
def models(folders: Folders) -> dict[str, LoadedModel]:
    return {save.__name__: load_model(str(folders(save))) for save in (stage_c, stage_b)}


def read(model: LoadedModel) -> tuple[Conditioning, Conditioning]:
    return clip_text_encode(model.text_encoder, TEXT), clip_text_encode(model.text_encoder, OTHER)


def asked(scale: float) -> dict[str, Any]:
    texts = {"prompt": TEXT, "negative_prompt": OTHER}
    seed = torch.Generator().manual_seed(SEED)
    return {**texts, "guidance_scale": scale, "num_inference_steps": 4, "generator": seed}


@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_each_step_of_stage_c_is_that_of_the_pipeline(
    folders: Folders, models: dict[str, LoadedModel], scale: float
) -> None:
    model = models["stage_c"]
    assert model.network.family == "Stable Cascade"
    wanted: list[Tensor] = []
    pipeline = StableCascadePriorPipeline.from_pretrained(folders(stage_c))

    def keep(_: Any, step: int, time: Any, found: dict[str, Any]) -> dict[str, Any]:
        wanted.append(found["latents"])
        return found

    pipeline(**asked(scale), height=256, width=384, callback_on_step_end=keep)
    _, trajectory, *_ = run(model, read(model), scale, (256, 384))
    told("Stable Cascade", "text" if scale == 1 else "text, guidance", trajectory.x[1:], wanted)


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_each_step_of_stage_b_is_that_of_the_pipeline(
    folders: Folders, models: dict[str, LoadedModel], scale: float
) -> None:
    model = models["stage_b"]
    small = torch.randn(1, 16, 3, 6, generator=torch.Generator().manual_seed(5))
    folder = folders(stage_b)
    parts: Any = StableCascadePriorPipeline.from_pretrained(folders(stage_c)).components
    pipeline = StableCascadeDecoderPipeline(
        decoder=StableCascadeUNet.from_pretrained(folder / "decoder"),
        vqgan=PaellaVQModel.from_pretrained(folder / "vqgan"),
        text_encoder=type(parts["text_encoder"]).from_pretrained(folder / "text_encoder"),
        tokenizer=parts["tokenizer"],
        scheduler=parts["scheduler"],
    )
    wanted, images = recorded(pipeline, **asked(scale), image_embeddings=small)
    positive, negative = read(model)
    latent, trajectory, *_ = run(model, (cascade_conditioning(positive, Latent(small)), negative), scale, (128, 256))
    told("Stable Cascade B", "led" if scale == 1 else "led, guidance", trajectory.x[1:], wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)


def original(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names of Stability AI's files, as diffusers' converter reads them."""
    found: dict[str, Tensor] = {}
    for name, value in weights.items():
        if ".attention.to_" not in name:
            old = "clip_mapper." if "effnet_mapper.0.weight" in weights else "clip_txt_pooled_mapper."
            found[name.replace("clip_txt_pooled_mapper.", old)] = value
        elif ".to_out.0." in name:
            found[name.replace("to_out.0.", "attn.out_proj.")] = value
        elif ".to_q." in name:
            parts = [weights[name.replace(".to_q.", f".to_{letter}.")] for letter in "qkv"]
            found[name.replace("to_q.", "attn.in_proj_")] = torch.cat(parts)
    return found


@pytest.mark.parametrize(("save", "place"), [(stage_c, "prior"), (stage_b, "decoder")])
@torch.no_grad()
def test_a_file_in_the_makers_names_is_the_folder(
    folders: Folders, models: dict[str, LoadedModel], tmp_path: Path, save: Callable[[Path], None], place: str
) -> None:
    model = models[save.__name__]
    weights = load_file(next((folders(save) / place).glob("*.safetensors")))
    save_file(original(weights), tmp_path / "stage.safetensors")
    network, schedule = load_diffusion_model(str(tmp_path / "stage.safetensors"))
    assert (network.family, schedule.config["trained_betas"]) == (
        model.network.family,
        model.schedule.config["trained_betas"],
    )
    x = torch.randn(1, network.format.channels, 6, 8, generator=torch.Generator().manual_seed(1))
    text = replace(read(model)[0], away=torch.ones(1))
    both = (network_denoiser(one).predict(x, torch.tensor(499.0), text) for one in (network, model.network))
    assert torch.equal(*both)


def test_stage_a_is_a_vae_of_its_own(folders: Folders, models: dict[str, LoadedModel], tmp_path: Path) -> None:
    weights = load_file(next((folders(stage_b) / "vqgan").glob("*.safetensors")))
    weights["vquantizer.codebook.weight"] = weights.pop("vquantizer.embedding.weight")
    save_file(weights, tmp_path / "stage_a.safetensors")
    vae, whole = load_vae(str(tmp_path / "stage_a.safetensors")), models["stage_b"].vae
    latent = Latent(torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)))
    image = vae_decode(vae, latent)
    assert image.pixels.shape == (1, 3, 32, 32)
    assert torch.equal(image.pixels, vae_decode(whole, latent).pixels)
    assert torch.equal(vae_encode(vae, image).samples, vae_encode(whole, image).samples)


def test_what_does_not_fit_is_a_sentence(models: dict[str, LoadedModel]) -> None:
    small, large = models["stage_c"], models["stage_b"]
    text = read(large)[0]
    with pytest.raises(NodeError, match="what stage C of Stable Cascade paints is no image yet; let stage B paint"):
        vae_decode(small.vae, Latent(torch.zeros(1, 16, 4, 4)))
    with pytest.raises(NodeError, match="stage B is led by what stage C painted; wire Cascade conditioning to it"):
        network_denoiser(large.network).predict(torch.zeros(1, 4, 8, 8), torch.tensor(5.0), text)
    led = cascade_conditioning(text, Latent(torch.zeros(1, 4, 4, 4)))
    with pytest.raises(NodeError, match=r"one latent of stage C of 16 channels for each image, and 1 of 4 for 1"):
        network_denoiser(large.network).predict(torch.zeros(1, 4, 8, 8), torch.tensor(5.0), led)
    with pytest.raises(NodeError, match="was read for Kolors, and a latent of stage C leads Stable Cascade's stage B"):
        cascade_conditioning(Conditioning(read_for="Kolors"), Latent(torch.zeros(1, 16, 4, 4)))
