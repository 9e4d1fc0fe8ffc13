"""Diffusion on pixels: diffusers' own pipelines step by step, inversion, and noise that is given."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMInverseScheduler, DDIMPipeline, DDIMScheduler, DDPMPipeline, DDPMScheduler

from nodeflow.node import NodeError
from nodeflow.wires import Classes, Latent, Noise, TrainedSchedule
from nodes.conditioning.text_encode import class_label, clip_text_encode
from nodes.denoisers.denoisers import pixel_denoiser, unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.images.measure import compare_pictures
from nodes.latents.interpolation import interpolate_latents
from nodes.latents.noise import gaussian_noise, latent_as_noise, noise_as_latent
from nodes.latents.vae import pixel_space, vae_decode, vae_encode
from nodes.loaders.load_models import LatentDiffusion, PixelDiffusion, load_ddpm, load_latent_diffusion
from nodes.samplers.ddim_inversion import ddim_inversion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.conftest import new_pixel_unet
from tests.nodes.test_sampling_parity import assert_close, finish


@pytest.fixture(scope="module")
def model(tiny_ddpm: Path) -> PixelDiffusion:
    return load_ddpm(str(tiny_ddpm))


@pytest.mark.parametrize(("kind", "eta"), [("DDPM", 0.0), ("DDIM", 0.0), ("DDIM", 0.7)])
def test_pictures_are_those_of_the_pipelines(model: PixelDiffusion, tiny_ddpm: Path, kind: Any, eta: float) -> None:
    if kind == "DDPM":
        pipeline, options = DDPMPipeline.from_pretrained(tiny_ddpm), {}
    else:
        pipeline, options = DDIMPipeline.from_pretrained(tiny_ddpm), {"eta": eta}
    pipeline.set_progress_bar_config(disable=True)
    made = pipeline(1, torch.Generator().manual_seed(4), num_inference_steps=8, output_type="np", **options).images
    wanted = torch.from_numpy(made).permute(0, 3, 1, 2)
    guider, schedule = no_guidance(pixel_denoiser(model.unet)), scheduler(model.schedule, kind, 8, eta)
    _, found = finish(sample(guider, schedule, gaussian_noise(4)))
    torch.testing.assert_close(vae_decode(pixel_space(), found.latent).pixels, wanted, atol=1e-4, rtol=1e-4)


def test_the_layout_of_google_ddpm_loads_too(tiny_ddpm: Path, model: PixelDiffusion, tmp_path: Path) -> None:
    for file in (*(tiny_ddpm / "unet").iterdir(), *(tiny_ddpm / "scheduler").iterdir()):
        shutil.copy(file, tmp_path)
    found = load_ddpm(str(tmp_path))
    assert found.schedule.config == model.schedule.config
    assert found.unet.format == model.unet.format
    weights = found.unet.module.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in model.unet.module.state_dict().items())


def test_a_class_leads_a_network_that_has_classes(tmp_path: Path) -> None:
    DDPMPipeline(new_pixel_unet(num_class_embeds=3), DDPMScheduler()).save_pretrained(tmp_path)
    model, x = load_ddpm(str(tmp_path)), torch.randn(2, 3, 16, 16)
    denoiser, labels = pixel_denoiser(model.unet), class_label(Classes({1: "star"}, 3), "star")
    with torch.no_grad():
        wanted = model.unet.module(x, 7, class_labels=torch.tensor([1, 1])).sample
        torch.testing.assert_close(denoiser.predict(x, torch.tensor(7), labels), wanted)
    with pytest.raises(NodeError, match="led by classes; wire a class label"):
        finish(sample(no_guidance(denoiser), scheduler(model.schedule, "DDIM", 2), Noise((0,))))
    with pytest.raises(NodeError, match="has 3 classes"):
        denoiser.predict(x, torch.tensor(7), class_label(Classes({}, 3)))


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_classes_are_named_and_led_as_in_a_loop_of_diffusers(tmp_path: Path, scale: float) -> None:
    pipeline = DDPMPipeline(new_pixel_unet(num_class_embeds=3), DDPMScheduler(clip_sample=False))
    pipeline.register_to_config(id2label={0: "star", 1: "heart"})
    pipeline.save_pretrained(tmp_path)
    model = load_ddpm(str(tmp_path))
    assert model.classes == Classes({0: "star", 1: "heart"}, 2)
    heart, nothing = class_label(model.classes, "heart"), class_label(model.classes)
    loop = DDPMScheduler.from_config(pipeline.scheduler.config)
    loop.set_timesteps(6)
    generator, wanted = torch.Generator().manual_seed(4), []
    x = torch.randn(1, 3, 16, 16, generator=generator)
    with torch.no_grad():
        for time in loop.timesteps:
            led, free = pipeline.unet(torch.cat([x, x]), time, class_labels=torch.tensor([1, 2])).sample.chunk(2)
            x = loop.step(free + scale * (led - free), time, x, generator=generator).prev_sample
            wanted.append(x)
    guider = classifier_free_guidance(pixel_denoiser(model.unet), heart, nothing, scale)
    _, found = finish(sample(guider, scheduler(model.schedule, "DDPM", 6), gaussian_noise(4)))
    assert_close(found.trajectory.x[1:], wanted)


def test_inversion_is_that_of_diffusers(model: PixelDiffusion) -> None:
    trained = TrainedSchedule({**model.schedule.config, "clip_sample": False, "set_alpha_to_one": False})
    schedule, guider = scheduler(trained, "DDIM", 10), no_guidance(pixel_denoiser(model.unet))
    loop = DDIMInverseScheduler.from_config(DDIMScheduler(clip_sample=False, set_alpha_to_one=False).config)
    loop.set_timesteps(10)
    x = picture = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    wanted = []
    with torch.no_grad():
        for time in loop.timesteps:
            x = loop.step(model.unet.module(x, time).sample, time, x).prev_sample
            wanted.append(x)
    steps, found = finish(ddim_inversion(guider, schedule, Latent(picture)))  # type: ignore[arg-type]
    assert_close([step.value.samples for step in steps], wanted)
    assert torch.equal(found.samples, steps[-1].value.samples)  # type: ignore[attr-defined]


def test_a_picture_comes_back_from_its_noise() -> None:
    model = load_latent_diffusion()
    text = clip_text_encode(model.text_encoder, "a red star on a blue background")
    noise = gaussian_noise(2)
    guider = no_guidance(unet_denoiser(model.unet), text)
    schedule = scheduler(model.schedule, "DDIM", 30)
    _, painted = finish(sample(guider, schedule, noise))
    picture = vae_decode(model.vae, painted.latent)
    _, found = finish(ddim_inversion(guider, schedule, vae_encode(model.vae, picture)))  # type: ignore[arg-type]
    _, again = finish(sample(guider, schedule, latent_as_noise(found)))  # type: ignore[arg-type]
    assert compare_pictures(vae_decode(model.vae, again.latent), picture).psnr > 25


def test_given_noise_is_where_sampling_starts(model: PixelDiffusion) -> None:
    guider, schedule = no_guidance(pixel_denoiser(model.unet)), scheduler(model.schedule, "DDIM", 4)
    start, end = (noise_as_latent(gaussian_noise(seed), guider.denoiser) for seed in (1, 2))
    walk = latent_as_noise(interpolate_latents(start, end, 3))
    _, found = finish(sample(guider, schedule, walk))
    for row, seed in ((0, 1), (2, 2)):
        _, single = finish(sample(guider, schedule, gaussian_noise(seed)))
        torch.testing.assert_close(found.latent.samples[row : row + 1], single.latent.samples, atol=1e-4, rtol=1e-4)
    with pytest.raises(NodeError, match="the noise is 4 x 8 x 8 and the model works on 3 x 8 x 8"):
        finish(sample(guider, schedule, latent_as_noise(Latent(torch.zeros(1, 4, 8, 8)))))


def test_what_does_not_go_together_is_a_sentence(
    model: PixelDiffusion, tiny_folder: Path, tiny: LatentDiffusion
) -> None:
    with pytest.raises(NodeError, match="Load DDPM loads a folder with a diffusion model on pixels"):
        load_ddpm(str(tiny_folder))
    with pytest.raises(NodeError, match="works on more than pixels and classes"):
        pixel_denoiser(tiny.unet)
    with pytest.raises(NodeError, match="this model predicts sample"):
        finish(
            ddim_inversion(
                no_guidance(pixel_denoiser(model.unet, "sample")), scheduler(None), Latent(torch.zeros(1, 3, 16, 16))
            )  # type: ignore[arg-type]
        )
