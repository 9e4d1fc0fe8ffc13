"""Text-led diffusion on pixels: diffusers' own pipelines step by step, thresholding, and the true layout."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, IFPipeline, IFSuperResolutionPipeline

from nodeflow.engine.execution.step_cache import StepStore
from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Image, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.denoisers.pixel_diffusion import (
    TextPixels,
    TextUpsampler,
    load_text_pixels,
    load_text_upsampler,
    text_upsample_denoiser,
)
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.guidance.thresholding import thresholding
from nodes.latents.noise import gaussian_noise
from nodes.latents.vae import pixel_space, vae_decode
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.deepfloyd_models import BASE, SMALL, save_base, save_super_resolution, save_with_clip
from tests.nodes.test_sampling_parity import assert_close, finish

TEXTS = ("Red star 星", "")


@pytest.fixture(scope="module")
def base(tiny_if: Path) -> TextPixels:
    return load_text_pixels(str(tiny_if))


@pytest.fixture(scope="module")
def large(tiny_if_large: Path) -> TextUpsampler:
    return load_text_upsampler(str(tiny_if_large))


def encoded(base: TextPixels) -> list[Conditioning]:
    return [clip_text_encode(base.text_encoder, text) for text in TEXTS]


def recorded(pipeline: Any, kind: str, seeds: tuple[int, ...], first: int) -> list[torch.Tensor]:
    """What each step of a pipeline gives, with one generator an image that has drawn ``first`` images before."""
    wanted: list[torch.Tensor] = []
    pipeline.set_progress_bar_config(disable=True)
    if kind == "DDIM":
        pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
        pipeline.scheduler.register_to_config(variance_type="fixed_small")
    side, step = pipeline.unet.config.sample_size, pipeline.scheduler.step
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    for generator in generators:
        torch.randn(first, 3, side, side, generator=generator)

    def stepped(output: Any, time: Any, x: Any, **options: Any) -> Any:
        wanted.append(step(output, time, x, **options | {"generator": generators})[0])
        return (wanted[-1],)

    pipeline.scheduler.step = stepped
    return wanted


@pytest.mark.parametrize("scale", [3.0, 12.0])
@pytest.mark.parametrize("kind", ["DDIM", "DDPM"])
def test_each_step_is_that_of_the_pipeline(base: TextPixels, tiny_if: Path, kind: Any, scale: float) -> None:
    pipeline = IFPipeline.from_pretrained(tiny_if, dtype=torch.float32)
    wanted = recorded(pipeline, kind, (3, 4), 1)
    generators = [torch.Generator().manual_seed(seed) for seed in (3, 4)]
    pictures = pipeline(
        [TEXTS[0]] * 2, num_inference_steps=5, guidance_scale=scale, generator=generators, output_type="pt",
        clean_caption=False,
    ).images  # fmt: skip
    guider = classifier_free_guidance(unet_denoiser(base.unet), *encoded(base), scale)
    _, (latent, trajectory, _) = finish(
        sample(guider, scheduler(base.schedule, kind, 5), Noise((3, 4)), batch="together")
    )
    assert len(wanted) == 5
    assert_close(trajectory.x[1:], wanted, 1e-4)
    torch.testing.assert_close(latent.samples, pictures, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["DDIM", "DDPM"])
def test_each_step_of_the_second_stage_is_that_of_the_pipeline(
    base: TextPixels, large: TextUpsampler, tiny_if_large: Path, kind: Any
) -> None:
    pipeline = IFSuperResolutionPipeline.from_pretrained(tiny_if_large, dtype=torch.float32)
    texts, low, noise = encoded(base), torch.rand(2, 3, 8, 8), Noise((3, 4))
    wanted = recorded(pipeline, kind, (3, 4), 1)
    pipeline(
        image=2 * low - 1, num_inference_steps=5, guidance_scale=4.0, noise_level=250, output_type="pt",
        generator=[torch.Generator().manual_seed(seed) for seed in (3, 4)],
        prompt_embeds=texts[0].tokens.repeat(2, 1, 1), negative_prompt_embeds=texts[1].tokens.repeat(2, 1, 1),
    )  # fmt: skip
    denoiser = text_upsample_denoiser(large.unet, Image(low), noise, large.noising, 250)
    guider = classifier_free_guidance(denoiser, *texts, 4.0)
    _, made = finish(sample(guider, scheduler(large.schedule, kind, 5), noise, batch="together"))
    assert_close(made.trajectory.x[1:], wanted, 1e-4)
    assert vae_decode(pixel_space(), made.latent).pixels.shape == (2, 3, 16, 16)


def test_a_small_picture_leads_as_much_as_the_noise_on_it_lets_it(base: TextPixels, large: TextUpsampler) -> None:
    text, noise, made = encoded(base)[0], gaussian_noise(7), dict[tuple[float, int], torch.Tensor]()
    for shade in (0.0, 1.0):
        for level in (0, 900):
            low = Image(torch.full((1, 3, 8, 8), shade))
            guider = no_guidance(text_upsample_denoiser(large.unet, low, noise, large.noising, level), text)
            schedule = scheduler(large.schedule, "DDIM", 2)
            made[shade, level] = finish(sample(guider, schedule, noise))[1].latent.samples
    apart = {level: (made[0.0, level] - made[1.0, level]).abs().mean() for level in (0, 900)}
    assert apart[0] > 2 * apart[900] > 0


def test_texts_are_read_in_small_letters_and_several_at_once(base: TextPixels) -> None:
    alone = [clip_text_encode(base.text_encoder, text) for text in ("red star", "RED STAR ", "blue")]
    assert alone[0].words[:3] == ("red", "star", "</s>")
    assert torch.equal(alone[0].tokens, alone[1].tokens)  # type: ignore[arg-type]
    together = base.text_encoder.encode_each(["red star", "blue"])
    assert torch.equal(together[0].tokens, alone[0].tokens)  # type: ignore[arg-type]
    assert torch.equal(together[1].tokens, alone[2].tokens)  # type: ignore[arg-type]
    assert together[1].words == alone[2].words


def test_a_clip_text_encoder_leads_too(tmp_path: Path, tiny: LatentDiffusion) -> None:
    encoder: Any = tiny.text_encoder
    model = load_text_pixels(str(save_with_clip(tmp_path / "glide", encoder.module, encoder.tokenizer)))
    text = clip_text_encode(model.text_encoder, "red star")
    assert torch.equal(text.tokens, clip_text_encode(tiny.text_encoder, "red star").tokens)  # type: ignore[arg-type]
    _, made = finish(
        sample(no_guidance(unet_denoiser(model.unet), text), scheduler(model.schedule, "DDIM", 2), Noise((0,)))
    )
    assert made.latent.samples.shape == (1, 3, 16, 16)


def test_what_does_not_go_together_is_a_sentence(
    tiny_if: Path, tiny_if_large: Path, tiny_folder: Path, base: TextPixels, large: TextUpsampler, tmp_path: Path
) -> None:
    low, noise = Image(torch.zeros(2, 3, 8, 8)), gaussian_noise(0, 2)
    with pytest.raises(NodeError, match=r"an upsampler of DeepFloyd IF, which the node Load text-led upsampler loads"):
        load_text_pixels(str(tiny_if_large))
    with pytest.raises(NodeError, match=r"the base of DeepFloyd IF, which the node Load text-led pixel model loads"):
        load_text_upsampler(str(tiny_if))
    with pytest.raises(NodeError, match=r"holds Stable Diffusion 1 or 2, which"):
        load_text_pixels(str(tiny_folder))
    with pytest.raises(NodeError, match=r"base holds the base of DeepFloyd IF, which"):
        load_latent_diffusion(str(tiny_if))
    with pytest.raises(NodeError, match="conditioned on more than a text"):
        unet_denoiser(large.unet)
    with pytest.raises(NodeError, match="does not look at a small image"):
        text_upsample_denoiser(base.unet, low, noise)
    with pytest.raises(NodeError, match="2 small images and 3 seeds"):
        text_upsample_denoiser(large.unet, low, gaussian_noise(0, 3))
    with pytest.raises(NodeError, match="timesteps end at 999"):
        text_upsample_denoiser(large.unet, low, noise, augmentation=1000)
    wide = no_guidance(text_upsample_denoiser(large.unet, low, noise, large.noising), encoded(base)[0])
    with pytest.raises(NodeError, match="an image of 8 x 8 cannot become one of 32 x 16"):
        finish(sample(wide, scheduler(large.schedule, "DDIM", 2), gaussian_noise(0, 2, 32, 16)))
    for entry, told in (
        ([None, None], "which has no text_encoder"),
        (["transformers", "Other"], "text_encoder is Other"),
    ):
        copy = save_base(tmp_path / "copy", **SMALL)
        index = json.loads((copy / "model_index.json").read_text())
        (copy / "model_index.json").write_text(json.dumps({**index, "text_encoder": entry}))
        with pytest.raises(NodeError, match=f"copy holds IFPipeline, .*{told}"):
            load_text_pixels(str(copy))


@pytest.mark.slow
def test_the_layout_of_deepfloyd_if_loads_and_runs_a_step(tmp_path: Path) -> None:
    fewer = {"layers_per_block": 1, "block_out_channels": (32, 64, 128, 192), "cross_attention_dim": 192}
    base = load_text_pixels(str(save_base(tmp_path / "base", **fewer)))
    large = load_text_upsampler(str(save_super_resolution(tmp_path / "large", **fewer)))
    assert json.loads((tmp_path / "base" / "unet" / "config.json").read_text())["encoder_hid_dim"] == 4096
    assert len(BASE["block_out_channels"]) == len(fewer["block_out_channels"])  # type: ignore[arg-type]
    texts, noise = encoded(base), Noise((0,))
    guider = classifier_free_guidance(unet_denoiser(base.unet), *texts, 7.0)
    _, small = finish(sample(guider, scheduler(base.schedule, "DDPM", 1), noise))
    assert small.latent.samples.shape == (1, 3, 64, 64)
    low = vae_decode(pixel_space(), small.latent)
    second = no_guidance(text_upsample_denoiser(large.unet, low, noise, large.noising, 250), texts[0])
    _, made = finish(sample(second, scheduler(large.schedule, "DDPM", 1), noise))
    assert made.latent.samples.shape == (1, 3, 256, 256)
    assert torch.isfinite(made.latent.samples).all()


def test_static_and_dynamic_thresholding_keep_what_is_foreseen_in_range(base: TextPixels) -> None:
    found: dict[str, Any] = {}
    for kind in ("none", "static", "dynamic"):
        schedule = scheduler(thresholding(base.schedule, kind, 0.9), "DDIM", 3)  # type: ignore[arg-type]
        guider = classifier_free_guidance(unet_denoiser(base.unet), *encoded(base), 20.0)
        found[kind] = finish(sample(guider, schedule, Noise((3,))))[1].trajectory
    begin = found["none"].original[0]
    assert begin.abs().max() > 1.5
    assert torch.equal(found["static"].original[0], begin.clamp(-1, 1))
    threshold = begin.abs().flatten().quantile(0.9)
    torch.testing.assert_close(found["dynamic"].original[0], begin.clamp(-threshold, threshold) / threshold)
    for kind in ("static", "dynamic"):
        assert all(original.abs().max() <= 1 for original in found[kind].original)
    torch.testing.assert_close(found["static"].x[-1], found["static"].original[-1], atol=0.05, rtol=0)
    beyond = float((begin.abs() > 1).double().mean())
    cut = float((begin.abs() > threshold).double().mean())
    assert found["none"].thresholded == ()
    assert found["static"].thresholded[0].tolist() == [[beyond, 1.0, beyond]]
    assert found["dynamic"].thresholded[0].tolist() == [[beyond, pytest.approx(float(threshold)), cut]]
    assert all(len(found[kind].thresholded) == 3 for kind in ("static", "dynamic"))


def test_what_thresholding_did_is_recorded_for_each_picture_and_comes_back_with_the_steps(base: TextPixels) -> None:
    schedule = scheduler(thresholding(base.schedule, "dynamic", 0.9), "DDPM", 4)
    guider = classifier_free_guidance(unet_denoiser(base.unet), *encoded(base), 20.0)
    both, *alone = (finish(sample(guider, schedule, Noise(seeds)))[1].trajectory for seeds in ((3, 4), (3,), (4,)))
    for step in range(4):
        wanted = torch.cat([one.thresholded[step] for one in alone])
        assert torch.equal(both.thresholded[step], wanted)
    assert finish(sample(guider, schedule, Noise((3,)), record="nothing"))[1].trajectory.thresholded == ()
    store = StepStore({"cpu": 2**30})
    store.identities.learn(b"model", base)
    for wanted in (0, 4):
        with store.begin("sample") as steps:
            _, again = finish(sample(guider, schedule, Noise((3, 4)), steps=steps))
        assert steps.resumed == wanted
        assert all(torch.equal(*pair) for pair in zip(again.trajectory.thresholded, both.thresholded, strict=True))


@pytest.mark.parametrize("kind", ["DDIM", "DDPM", "DPM++ 2M", "UniPC", "LCM"])
def test_thresholding_goes_with_the_schedulers_that_it_names(base: TextPixels, kind: Any) -> None:
    guider = classifier_free_guidance(unet_denoiser(base.unet), *encoded(base), 20.0)
    most = {}
    for way in ("none", "static"):
        schedule = scheduler(thresholding(base.schedule, way), kind, 4)  # type: ignore[arg-type]
        _, made = finish(sample(guider, schedule, Noise((3,))))
        most[way] = made.latent.samples.abs().max()
    assert most["static"] < most["none"]
