"""Stable unCLIP: each step of diffusers' own pipeline, the same from folder and file, and what does not fit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from diffusers import StableUnCLIPImg2ImgPipeline
from PIL import Image as Pillow
from safetensors.torch import load_file, save_file

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Image, Noise
from nodes.conditioning.stable_unclip import stable_unclip_conditioning
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_by_family import LoadedModel, load_diffusion_model, load_model
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.parity import told
from tests.nodes.families.small.stable_unclip import one_file, stable_unclip
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

Folders = Callable[[Callable[[Path], None]], Path]
TEXT, OTHER, SIZE = "a red star", "blue", 64


class Ready(NamedTuple):
    folder: Path
    file: Path


@pytest.fixture(scope="module")
def ready(folders: Folders, tmp_path_factory: pytest.TempPathFactory) -> Ready:
    folder = folders(stable_unclip)
    return Ready(folder, one_file(folder, tmp_path_factory.mktemp("unclip") / "sd21-unclip-h.safetensors"))


def picture() -> Image:
    pixels = np.random.default_rng(5).integers(0, 256, (40, 52, 3), dtype=np.uint8)
    return Image(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255)


def seen(model: LoadedModel, path: Path, **options: Any) -> Conditioning:
    return stable_unclip_conditioning(clip_text_encode(model.text_encoder, TEXT), picture(), str(path), **options)


@pytest.mark.parametrize(("level", "scale"), [(0, 5.0), (400, 5.0), (0, 1.0)])
def test_each_step_is_that_of_the_pipeline(ready: Ready, level: int, scale: float) -> None:
    shown = Pillow.fromarray((picture().pixels[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy())
    noise = torch.randn(1, 4, SIZE // 8, SIZE // 8, generator=torch.Generator().manual_seed(3))
    wanted, images = recorded(
        Told.from_pretrained(ready.folder),
        image=shown,
        prompt=TEXT,
        negative_prompt=OTHER,
        height=SIZE,
        width=SIZE,
        noise_level=level,
        guidance_scale=scale,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(7),  # which draws the noise on what the image says
        latents=noise,
    )
    model = load_model(str(ready.folder))
    assert (model.network.family, model.network.prediction) == ("Stable unCLIP", "v")
    texts = seen(model, ready.folder, noise_level=level, seed=7), clip_text_encode(model.text_encoder, OTHER)
    guider = classifier_free_guidance(network_denoiser(model.network), *texts, scale)
    latent, trajectory, *_ = finish(sample(guider, scheduler(model.schedule, "DDIM", 3), Noise((3,), SIZE, SIZE)))[1]
    what = f"led by an image{f', noise level {level}' if level else ''}{', guidance' if scale > 1 else ''}"
    told("Stable unCLIP", what, trajectory.x[1:], wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)


class Told(StableUnCLIPImg2ImgPipeline):
    """The pipeline, which tells of each step in the way of its time."""

    def __call__(self, *given: Any, callback_on_step_end: Any, **named: Any) -> Any:
        def after(step: int, time: Any, latents: torch.Tensor) -> None:
            callback_on_step_end(self, step, time, {"latents": latents.clone()})

        return super().__call__(*given, callback=after, **named)


@torch.no_grad()
def test_one_file_is_the_folder(ready: Ready) -> None:
    """To the last bit: text, what the image says, prediction, latents and pixels."""
    found = []
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    for path in ready:
        model = load_model(str(path))
        text = seen(model, path, noise_level=20, seed=2)
        assert text.tokens is not None
        asked = network_denoiser(model.network).predict(x, torch.tensor(500.0), text)
        alone = network_denoiser(load_diffusion_model(str(path)).network).predict(x, torch.tensor(500.0), text)
        latent = model.vae.encode(Image(torch.nn.functional.interpolate(picture().pixels, (64, 64))))
        pixels = model.vae.decode(latent).pixels
        found.append([text.tokens, text.sights[0], asked, alone, latent.samples, pixels])
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


@torch.no_grad()
def test_a_text_alone_leads_too_and_a_strength_of_nothing_is_none(ready: Ready) -> None:
    model = load_model(str(ready.folder))
    x, text = torch.randn(2, 4, 8, 8), clip_text_encode(model.text_encoder, TEXT)
    assert seen(model, ready.folder, strength=0.0).sights == ()
    denoiser = network_denoiser(model.network)
    alone = denoiser.predict(x, torch.tensor(500.0), text)
    assert not torch.allclose(alone, denoiser.predict(x, torch.tensor(500.0), seen(model, ready.folder)))
    zeros = stable_unclip_conditioning(text, picture(), str(ready.folder), strength=1e-20)
    torch.testing.assert_close(denoiser.predict(x, torch.tensor(500.0), zeros), alone)


@torch.no_grad()
def test_several_images_are_mixed_as_comfyui_does_it(ready: Ready) -> None:
    """By the formulas of its noise augmentation: vectors that are noisy and weighted, their sum, and noise on that."""
    model = load_model(str(ready.folder))
    one, other = (seen(model, ready.folder, noise_level=at, strength=by, seed=at) for at, by in ((0, 0.75), (300, 0.5)))
    both = stable_unclip_conditioning(one, picture(), str(ready.folder), noise_level=300, strength=0.5, seed=300)
    three = stable_unclip_conditioning(both, picture(), str(ready.folder), strength=0.25, seed=7)
    weights = load_file(ready.folder / "image_normalizer" / "diffusion_pytorch_model.safetensors")
    mean, spread = weights["mean"], weights["std"]
    wide = mean.shape[-1]
    vectors = one.sights[0][:, 0, 0, :wide] + other.sights[0][:, 0, 0, :wide]
    drawn = torch.Generator().manual_seed(300)
    torch.randn(1, wide, generator=drawn)  # that of the second image itself
    angle = (torch.linspace(0, 1, 1001, dtype=torch.float64) + 0.008) / 1.008 * torch.pi / 2
    bars = torch.cumprod(1 - (1 - (angle.cos()[1:] / angle.cos()[:-1]) ** 2).clamp(max=0.999), 0)[50].float()
    noise = torch.randn(1, wide, generator=drawn)
    wanted = (bars.sqrt() * (vectors - mean) / spread + (1 - bars).sqrt() * noise) * spread + mean
    torch.testing.assert_close(both.sights[0][:, 0, 0, :wide], wanted, atol=1e-4, rtol=1e-4)
    assert [len(text.sights) for text in (one, both, three)] == [1, 3, 4]
    x, denoiser = torch.randn(1, 4, 8, 8), network_denoiser(model.network)
    found = [denoiser.predict(x, torch.tensor(500.0), text) for text in (one, other, both, three)]
    assert all(not torch.allclose(found[at], found[at + 1]) for at in range(3))
    foreign = Conditioning(torch.zeros(1, 4, 64), sights=(torch.zeros(1, 1, 1, 10),))
    with pytest.raises(NodeError, match="the images before this one were seen by another model"):
        stable_unclip_conditioning(foreign, picture(), str(ready.folder))


def test_what_does_not_fit_is_a_sentence(ready: Ready, tmp_path: Path) -> None:
    model = load_model(str(ready.folder))
    other = Conditioning(torch.zeros(1, 4, 64), read_for="Stable Diffusion 1")
    with pytest.raises(NodeError, match="read for Stable Diffusion 1, and only Stable unCLIP is told so"):
        stable_unclip_conditioning(other, picture(), str(ready.folder))
    with pytest.raises(NodeError, match="noise_level is 1000, and this model knows 0 to 999"):
        seen(model, ready.folder, noise_level=1000)
    lacking = {name: value for name, value in load_file(ready.file).items() if not name.startswith("embedder.")}
    save_file(lacking, tmp_path / "blind.safetensors")
    with pytest.raises(NodeError, match=r"blind\.safetensors has no image encoder of unCLIP"):
        seen(model, tmp_path / "blind.safetensors")
    wide = Conditioning(torch.zeros(1, 4, 64), sights=(torch.zeros(1, 1, 1, 10),))
    with pytest.raises(NodeError, match="what the image says is 10 numbers, and this network takes 48"):
        network_denoiser(model.network).predict(torch.zeros(1, 4, 8, 8), torch.tensor(1.0), wide)
    three = Conditioning(torch.zeros(1, 4, 64), sights=(torch.zeros(3, 1, 1, 48),))
    with pytest.raises(NodeError, match="3 images lead 2 to paint"):
        network_denoiser(model.network).predict(torch.zeros(2, 4, 8, 8), torch.tensor(1.0), three)


def test_regions_keep_what_each_image_says(ready: Ready) -> None:
    """Texts with images are asked by themselves, never joined with others."""
    model = load_model(str(ready.folder))
    guider = no_guidance(network_denoiser(model.network), seen(model, ready.folder))
    plain = no_guidance(network_denoiser(model.network), clip_text_encode(model.text_encoder, TEXT))
    both = classifier_free_guidance(
        network_denoiser(model.network), seen(model, ready.folder), clip_text_encode(model.text_encoder, TEXT), 3.0
    )
    x, time = torch.randn(1, 4, 8, 8), torch.tensor(500.0)
    with torch.no_grad():
        led, unled = (one.predict(x, time, 0, 1).output for one in (guider, plain))
        torch.testing.assert_close(both.predict(x, time, 0, 1).output, unled + 3.0 * (led - unled))
