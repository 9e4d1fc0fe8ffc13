"""What a sampler is given: latents to begin with, guidance, sizes, seeds."""

from __future__ import annotations

import inspect

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Latent, Noise, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import UNetDenoiser, unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.guidance.predictions.formulas import guide, rescale_guided
from nodes.latents.noise import add_noise, draw, gaussian_noise
from nodes.latents.vae import vae_decode
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import KINDS, STABLE_DIFFUSION
from tests.nodes.bare_loops import DIFFUSION, assert_close, bare_loop, both_texts, finish, ours, reference


@pytest.mark.parametrize("kind", ["DDIM", "DDPM", "Euler", "Heun", "DPM++ 2M", "UniPC"])
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_image_to_image_is_that_of_a_bare_loop(tiny: LatentDiffusion, kind: str, strength: float) -> None:
    text = clip_text_encode(tiny.text_encoder, "red star")
    x_0 = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    loop = reference(kind, dict(STABLE_DIFFUSION), "epsilon")
    loop.set_timesteps(6)
    start = (6 - int(6 * strength)) * loop.order
    if hasattr(loop, "set_begin_index"):
        loop.set_begin_index(start)
    generator = torch.Generator().manual_seed(3)
    x = loop.add_noise(x_0, torch.randn((1, 4, 8, 8), generator=generator), loop.timesteps[start : start + 1])
    extra = {"generator": generator} if "generator" in inspect.signature(loop.step).parameters else {}
    with torch.no_grad():
        for time in loop.timesteps[start:]:
            output = tiny.unet.module(loop.scale_model_input(x, time), time, encoder_hidden_states=text.tokens).sample
            x = loop.step(output, time, x, **extra).prev_sample
    guider = no_guidance(unet_denoiser(tiny.unet), text)
    _, (latent, trajectory, _) = finish(sample(guider, scheduler(None, kind, 6), Noise((3,)), Latent(x_0), strength))  # type: ignore[arg-type]
    assert_close([latent.samples], [x])
    assert len(trajectory.x) == len(loop.timesteps) - start + 1


@pytest.mark.parametrize("batch", ["each alone", "together"])
@pytest.mark.parametrize("seeds", [(3,), (3, 4, 5)])
def test_texts_that_are_neither_one_nor_as_many_as_seeds_are_told(
    tiny: LatentDiffusion, seeds: tuple[int, ...], batch: str
) -> None:
    two, one = tiny.text_encoder.encode(["red star", "blue"]), clip_text_encode(tiny.text_encoder, "red star")
    denoiser, schedule = unet_denoiser(tiny.unet), scheduler(None, "DDIM", 2)  # type: ignore[arg-type]
    for guider in (no_guidance(denoiser, two), classifier_free_guidance(denoiser, one, two, 3.0)):
        with pytest.raises(NodeError, match=f"2 texts, classes or vectors lead {len(seeds)} image"):
            finish(sample(guider, schedule, Noise(seeds), batch=batch))  # type: ignore[arg-type]
        both, _, _ = finish(sample(guider, schedule, Noise((3, 4)), batch=batch))[1]  # type: ignore[arg-type]
        assert len(both.samples) == 2


def test_strength_zero_leaves_the_latent_as_it_is(tiny: LatentDiffusion) -> None:
    latent = Latent(torch.randn(1, 4, 8, 8))
    guider = no_guidance(unet_denoiser(tiny.unet), clip_text_encode(tiny.text_encoder, "red star"))
    seen, (result, trajectory, _) = finish(sample(guider, scheduler(), Noise((3, 4)), latent, 0.0))
    assert seen == []
    assert torch.equal(result.samples, latent.samples.expand(2, -1, -1, -1))
    assert trajectory.original == ()


def test_a_latent_of_another_model_is_refused(tiny: LatentDiffusion) -> None:
    guider = no_guidance(unet_denoiser(tiny.unet), clip_text_encode(tiny.text_encoder, "red star"))
    with pytest.raises(NodeError, match="has 16 channels and the model takes 4"):
        finish(sample(guider, scheduler(), Noise((3,)), Latent(torch.zeros(1, 16, 8, 8)), 0.5))


def test_guidance_is_its_formula(tiny: LatentDiffusion) -> None:
    positive, negative = (clip_text_encode(tiny.text_encoder, text) for text in ("red star", ""))
    denoiser = unet_denoiser(tiny.unet)
    assert isinstance(denoiser, UNetDenoiser)
    x, time = torch.randn(2, 4, 8, 8), torch.tensor(500)
    with torch.no_grad():
        guided = classifier_free_guidance(denoiser, positive, negative, 7.5).predict(x, time, 0, 1)
        p, n = (denoiser.predict(x, time, text) for text in (positive, negative))
    torch.testing.assert_close(guided.conditional, p, atol=1e-5, rtol=0)
    torch.testing.assert_close(guided.unconditional, n, atol=1e-5, rtol=0)
    torch.testing.assert_close(guided.output, n + 7.5 * (p - n), atol=1e-4, rtol=0)


def test_without_a_negative_or_at_scale_one_the_text_alone_counts(tiny: LatentDiffusion) -> None:
    positive, negative = (clip_text_encode(tiny.text_encoder, text) for text in ("red star", "blue"))
    denoiser = unet_denoiser(tiny.unet)
    x, time = torch.randn(1, 4, 8, 8), torch.tensor(500)
    with torch.no_grad():
        wanted = denoiser.predict(x, time, positive)
        for guider in (
            classifier_free_guidance(denoiser, positive),
            classifier_free_guidance(denoiser, positive, negative, 1.0),
            no_guidance(denoiser, positive),
        ):
            guided = guider.predict(x, time, 0, 1)
            assert torch.equal(guided.output, wanted)
            assert guided.unconditional is None


def test_rescale_gives_back_the_deviation_of_the_conditional() -> None:
    conditional, unconditional = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8)
    guided = guide(conditional, unconditional, 9.0)
    rescaled = rescale_guided(guided, conditional, 1.0)
    torch.testing.assert_close(rescaled.std(dim=(1, 2, 3)), conditional.std(dim=(1, 2, 3)))
    torch.testing.assert_close(rescale_guided(guided, conditional, 0.7), 0.7 * rescaled + 0.3 * guided)
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg

    torch.testing.assert_close(rescale_guided(guided, conditional, 0.7), rescale_noise_cfg(guided, conditional, 0.7))


def test_texts_of_different_encoders_are_refused(tiny: LatentDiffusion) -> None:
    text = clip_text_encode(tiny.text_encoder, "red star")
    other = type(text)(text.tokens[..., :8])
    with pytest.raises(NodeError, match="different text encoders"):
        classifier_free_guidance(unet_denoiser(tiny.unet), text, other)


def test_schedule_and_model_that_do_not_go_together_are_refused(tiny: LatentDiffusion) -> None:
    device = torch.device("cpu")
    with pytest.raises(NodeError, match="predicts epsilon; choose another scheduler"):
        scheduler(None, "Flow-match Euler").begin("epsilon", device)
    with pytest.raises(NodeError, match="choose Flow-match Euler"):
        scheduler(None, "DDIM").begin("flow", device)
    with pytest.raises(NodeError, match="does not go with how this model was trained"):
        scheduler(tiny.schedule, "Flow-match Euler")
    with pytest.raises(NodeError, match="choose Flow-match Euler"):
        scheduler(TrainedSchedule({"_class_name": "FlowMatchEulerDiscreteScheduler"}), "Euler")
    with pytest.raises(NodeError, match="choose fewer"):
        scheduler(None, "LCM", 60).begin("epsilon", device)
    with pytest.raises(NodeError, match="no Karras spacing"):
        scheduler(None, "DDIM", sigmas="Karras")
    for kind in DIFFUSION:
        chosen = scheduler(None, kind)  # type: ignore[arg-type]
        if not KINDS[kind].sample:
            with pytest.raises(NodeError, match="choose DDIM"):
                chosen.begin("sample", device)


def test_more_steps_than_were_trained_are_refused() -> None:
    short = TrainedSchedule({**STABLE_DIFFUSION, "num_train_timesteps": 100})
    for kind in DIFFUSION:
        with pytest.raises(NodeError, match="choose fewer"):
            scheduler(short, kind, 500).begin("epsilon", torch.device("cpu"))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["DDIM", "DDPM", "Euler", "DPM++ 2M", "UniPC", "LCM"])
def test_a_network_that_predicts_the_clean_latent_gives_it(tiny: LatentDiffusion, kind: str) -> None:
    _, (_, trajectory, _) = ours(tiny, kind, None, "sample", 4, (3,))
    wanted, _ = bare_loop(
        tiny.unet.module, reference(kind, dict(STABLE_DIFFUSION), "sample"), both_texts(tiny), 4, (3,)
    )
    assert_close(trajectory.x, wanted)


def test_a_size_that_no_latent_has_is_refused(tiny: LatentDiffusion) -> None:
    guider = no_guidance(unet_denoiser(tiny.unet), clip_text_encode(tiny.text_encoder, ""))
    with pytest.raises(NodeError, match="multiples of 4; 30 x 32 is not"):
        finish(sample(guider, scheduler(), gaussian_noise(0, 1, 30, 0)))


def test_width_and_height_are_those_of_the_picture(tiny: LatentDiffusion) -> None:
    guider = no_guidance(unet_denoiser(tiny.unet), clip_text_encode(tiny.text_encoder, ""))
    _, (latent, _, _) = finish(sample(guider, scheduler(None, "DDIM", 2), gaussian_noise(0, 1, 48, 24)))
    assert vae_decode(tiny.vae, latent).pixels.shape == (1, 3, 24, 48)


def test_a_batch_that_does_not_match_the_seeds_is_refused(tiny: LatentDiffusion) -> None:
    with pytest.raises(NodeError, match="holds 3 images and the noise has 2 seeds"):
        add_noise(Latent(torch.zeros(3, 4, 8, 8)), gaussian_noise(0, 2), scheduler())


def test_forward_diffusion_is_that_of_the_scheduler() -> None:
    x_0, noise = torch.randn(2, 4, 8, 8), gaussian_noise(3, 2)
    drawn = draw(noise.generators(), (4, 8, 8))
    loop = reference("DDPM", dict(STABLE_DIFFUSION), "epsilon")
    loop.set_timesteps(10)
    found = add_noise(Latent(x_0), noise, scheduler(None, "DDPM", 10), 4)
    torch.testing.assert_close(found.samples, loop.add_noise(x_0, drawn, loop.timesteps[4:5]))
    flow = add_noise(Latent(x_0), noise, scheduler(None, "Flow-match Euler", 10), 0)
    torch.testing.assert_close(flow.samples, drawn)
    with pytest.raises(NodeError, match="steps are 0 to 9"):
        add_noise(Latent(x_0), noise, scheduler(None, "DDPM", 10), 10)


def test_recording_nothing_keeps_nothing_and_changes_nothing(tiny: LatentDiffusion) -> None:
    guider = no_guidance(unet_denoiser(tiny.unet), clip_text_encode(tiny.text_encoder, "red star"))
    chosen = scheduler(None, "DDPM", 4)
    _, (full, trajectory, _) = finish(sample(guider, chosen, Noise((3,))))
    _, (bare, empty, _) = finish(sample(guider, chosen, Noise((3,)), record="nothing"))
    assert torch.equal(full.samples, bare.samples)
    assert len(trajectory.x) == 5
    assert empty.x == empty.original == empty.conditional == ()


def test_sampling_leaves_gradients_as_the_caller_has_them(tiny: LatentDiffusion) -> None:
    guider = no_guidance(unet_denoiser(tiny.unet), clip_text_encode(tiny.text_encoder, "red star"))
    steps = sample(guider, scheduler(None, "DDIM", 2), Noise((3,)))
    next(steps)
    assert torch.is_grad_enabled()
    steps.close()
