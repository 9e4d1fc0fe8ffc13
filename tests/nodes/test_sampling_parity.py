"""Our sampling against bare diffusers loops and pipelines, with the same weights."""

import inspect
from collections.abc import Generator
from typing import Any, get_args

import diffusers
import pytest
import torch

from nodeflow.node import NodeError, Step
from nodeflow.wires import Conditioning, Latent, Noise, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import UNetDenoiser, unet_denoiser
from nodes.guidance.classifier_free import Changing, classifier_free_guidance, no_guidance
from nodes.guidance.predictions.formulas import guide, rescale_guided
from nodes.latents.noise import add_noise, draw, gaussian_noise
from nodes.latents.vae import vae_decode
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.sampling_loop import Sampled, sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import HIGHEST_SIGMA, KARRAS_KINDS, KINDS, STABLE_DIFFUSION

REFERENCES: dict[str, tuple[str, dict[str, Any]]] = {
    "DDIM": ("DDIMScheduler", {}),
    "DDPM": ("DDPMScheduler", {}),
    "PNDM": ("PNDMScheduler", {"skip_prk_steps": True}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "DPM++ 2S": ("DPMSolverSinglestepScheduler", {"lower_order_final": True}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "LCM": ("LCMScheduler", {}),
    "Flow-match Euler": ("FlowMatchEulerDiscreteScheduler", {}),
}
DIFFUSION = [kind for kind in KINDS if kind != "Flow-match Euler"]
ZERO_SNR = {
    **{name: value for name, value in STABLE_DIFFUSION.items() if name != "steps_offset"},
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
}
TRAILING = {"timestep_spacing": "trailing"}
OWN_ZERO_SNR = ["DDIM", "DDPM", "Euler", "Euler ancestral", "DPM++ 2M", "DPM++ 2M SDE", "UniPC", "LCM"]


def finish(steps: Generator[Step, None, Sampled]) -> tuple[list[Step], Sampled]:
    seen: list[Step] = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            return seen, end.value


def reference(kind: str, config: dict[str, Any], prediction: str, **options: Any) -> Any:
    name, own = REFERENCES[kind]
    config = {**config, **own, **options}
    if prediction != "flow":
        config["prediction_type"] = {"v": "v_prediction"}.get(prediction, prediction)
    return getattr(diffusers, name).from_config(config)


def bare_loop(
    unet: Any, loop: Any, tokens: torch.Tensor, steps: int, seeds: tuple[int, ...], scale: float = 5.0
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """What a diffusers pipeline does: x after each step, and the scheduler's own estimates of x_0 where it has them."""
    loop.set_timesteps(steps)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    x = torch.cat([torch.randn((1, 4, 8, 8), generator=generator) for generator in generators])
    x = x * getattr(loop, "init_noise_sigma", 1.0)
    embeds = tokens.repeat_interleave(len(seeds), 0)
    extra = {"generator": generators} if "generator" in inspect.signature(loop.step).parameters else {}
    path, originals = [x], []
    with torch.no_grad():
        for time in loop.timesteps:
            both = torch.cat([x] * 2)
            if hasattr(loop, "scale_model_input"):
                both = loop.scale_model_input(both, time)
            without, with_text = unet(both, time, encoder_hidden_states=embeds).sample.chunk(2)
            step = loop.step(without + scale * (with_text - without), time, x, **extra)
            x = step.prev_sample
            path.append(x)
            if getattr(step, "pred_original_sample", None) is not None:
                originals.append(step.pred_original_sample)
    return path, originals


def ours(
    tiny: LatentDiffusion, kind: str, config: Any, prediction: Any, steps: int, seeds: tuple[int, ...], **options: Any
) -> tuple[list[Step], Sampled]:
    positive, negative = clip_text_encode(tiny.text_encoder, "red star"), clip_text_encode(tiny.text_encoder, "")
    guider = classifier_free_guidance(unet_denoiser(tiny.unet, prediction), positive, negative, 5.0)
    chosen = scheduler(TrainedSchedule(config) if config else None, kind, steps, **options)  # type: ignore[arg-type]
    return finish(sample(guider, chosen, Noise(seeds), batch="together"))


def both_texts(tiny: LatentDiffusion) -> torch.Tensor:
    return torch.cat([clip_text_encode(tiny.text_encoder, text).tokens for text in ("", "red star")])


def assert_close(found: Any, wanted: Any, tolerance: float = 1e-5) -> None:
    assert len(found) == len(wanted)
    for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
        assert torch.isfinite(one).all(), index
        error = (one - other).abs().max() / other.abs().max().clamp(min=1)
        assert error <= tolerance, f"step {index}: {error}"


def test_every_kind_is_offered_and_has_a_reference() -> None:
    offered = get_args(inspect.get_annotations(scheduler, eval_str=True)["kind"])
    assert set(offered) == set(KINDS) == set(REFERENCES)


@pytest.mark.parametrize("prediction", ["epsilon", "v"])
@pytest.mark.parametrize("kind", DIFFUSION)
def test_each_step_is_that_of_a_bare_loop(tiny: LatentDiffusion, kind: str, prediction: str) -> None:
    config = dict(STABLE_DIFFUSION)
    wanted, originals = bare_loop(tiny.unet.module, reference(kind, config, prediction), both_texts(tiny), 6, (3, 4))
    seen, (latent, trajectory) = ours(tiny, kind, config, prediction, 6, (3, 4))
    assert_close(trajectory.x, wanted)
    assert torch.equal(latent.samples, trajectory.x[-1])
    assert len(trajectory.original) == len(trajectory.timesteps) == len(trajectory.sigmas) - 1 == len(wanted) - 1
    assert [step.index for step in seen] == list(range(1, len(wanted)))
    assert {step.total for step in seen} == {len(wanted) - 1}
    if originals and kind != "LCM":
        assert_close(trajectory.original, originals)


def test_flow_matching_is_that_of_a_bare_loop(tiny: LatentDiffusion) -> None:
    config = {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0}
    wanted, _ = bare_loop(tiny.unet.module, reference("Flow-match Euler", config, "flow"), both_texts(tiny), 6, (3, 4))
    _, (_, trajectory) = ours(tiny, "Flow-match Euler", config, "flow", 6, (3, 4))
    assert_close(trajectory.x, wanted)
    assert trajectory.sigmas[0] == 1
    assert trajectory.sigmas[-1] == 0
    assert_close([trajectory.original[-1]], [trajectory.x[-1]])


@pytest.mark.parametrize("kind", OWN_ZERO_SNR)
def test_zero_terminal_snr_is_that_of_a_bare_loop(tiny: LatentDiffusion, kind: str) -> None:
    wanted, originals = bare_loop(tiny.unet.module, reference(kind, ZERO_SNR, "v"), both_texts(tiny), 6, (3,))
    _, (_, trajectory) = ours(tiny, kind, ZERO_SNR, "v", 6, (3,))
    assert_close(trajectory.x, wanted)
    if originals and kind != "LCM":
        assert_close(trajectory.original, originals)


@pytest.mark.parametrize("kind", sorted(set(DIFFUSION) - set(OWN_ZERO_SNR)))
def test_zero_terminal_snr_reaches_kinds_that_cannot_rescale_themselves(tiny: LatentDiffusion, kind: str) -> None:
    _, (latent, trajectory) = ours(tiny, kind, ZERO_SNR, "v", 20, (3,))
    _, (wanted, _) = ours(tiny, "DDIM", ZERO_SNR, "v", 500, (3,))
    assert abs(float(trajectory.sigmas[0]) - HIGHEST_SIGMA) < 0.1
    error = (latent.samples - wanted.samples).abs().mean() / wanted.samples.std()
    assert error < 0.1


@pytest.mark.parametrize("kind", KARRAS_KINDS)
def test_karras_spacing_begins_at_a_finite_noise(tiny: LatentDiffusion, kind: str) -> None:
    _, (latent, trajectory) = ours(tiny, kind, ZERO_SNR, "v", 20, (3,), sigmas="Karras")
    assert abs(float(trajectory.sigmas[0]) - HIGHEST_SIGMA) < 0.1
    assert torch.isfinite(latent.samples).all()


@pytest.mark.parametrize("kind", KARRAS_KINDS)
def test_karras_spacing_is_that_of_a_bare_loop(tiny: LatentDiffusion, kind: str) -> None:
    config = dict(STABLE_DIFFUSION)
    loop = reference(kind, config, "epsilon", use_karras_sigmas=True)
    if kind == "Euler ancestral":
        loop.set_timesteps = lambda steps: ancestral_karras(loop, config, steps)
    wanted, _ = bare_loop(tiny.unet.module, loop, both_texts(tiny), 6, (3,))
    _, (_, trajectory) = ours(tiny, kind, config, "epsilon", 6, (3,), sigmas="Karras")
    assert_close(trajectory.x, wanted)


def ancestral_karras(loop: Any, config: dict[str, Any], steps: int) -> None:
    """Sets Karras' levels, which diffusers has for Euler alone, and the timesteps between those trained with."""
    euler = reference("Euler", {**config, "timestep_spacing": "linspace"}, "epsilon", use_karras_sigmas=True)
    type(loop).set_timesteps(loop, steps)
    euler.set_timesteps(steps)
    loop.sigmas, loop.timesteps = euler.sigmas, euler.timesteps


def karras(low: float, high: float, steps: int) -> torch.Tensor:
    """Karras et al. 2022 (arXiv:2206.00364), eq. 5, with rho = 7."""
    ramp = torch.linspace(0, 1, steps, dtype=torch.float64)
    return (high ** (1 / 7) + ramp * (low ** (1 / 7) - high ** (1 / 7))) ** 7


@pytest.mark.parametrize("spacing", ["as the file says", "leading", "trailing"])
@pytest.mark.parametrize("steps", [1, 4, 20])
@pytest.mark.parametrize("kind", KARRAS_KINDS)
def test_karras_goes_from_the_largest_level_to_the_smallest(kind: str, steps: int, spacing: str) -> None:
    """At most 2e-5 apart: diffusers computes the levels in float32. ComfyUI's ends, 14.614641 and 0.029167."""
    trained = TrainedSchedule({**STABLE_DIFFUSION, "timestep_spacing": "leading"})
    chosen = scheduler(trained, kind, steps, sigmas="Karras", spacing=spacing)  # type: ignore[arg-type]
    solver = chosen.begin("epsilon", torch.device("cpu"))
    levels = solver.sigmas[:-1].double()[:: 2 if kind == "Heun" else 1]
    torch.testing.assert_close(levels, karras(0.029167, 14.614641, steps), rtol=3e-5, atol=0)
    assert solver.sigmas[-1] == 0 or kind == "DPM++ 2S"


@pytest.mark.parametrize("kind", [kind for kind in DIFFUSION if kind not in ("LCM", "PNDM")])
@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_trailing_starts_at_the_largest_level(kind: str, steps: int) -> None:
    for trained, spacing in (
        (None, "trailing"),
        (TrainedSchedule({**STABLE_DIFFUSION, **TRAILING}), "as the file says"),
    ):
        solver = scheduler(trained, kind, steps, spacing=spacing).begin("epsilon", torch.device("cpu"))  # type: ignore
        assert solver.timesteps[0] == 999
        assert abs(float(solver.sigmas[0]) - 14.614641) < 1e-3


def test_one_step_of_linspace_starts_at_the_largest_level_too() -> None:
    """Where diffusers takes timestep 0, the least noise of all."""
    for spacing in ("linspace", "as the file says"):
        solver = scheduler(None, "Euler", 1, spacing=spacing).begin("epsilon", torch.device("cpu"))  # type: ignore
        assert float(solver.timesteps[0]) == 999


def test_spacing_is_that_of_diffusers(tiny: LatentDiffusion) -> None:
    for spacing in ("leading", "linspace", "trailing"):
        config = {**STABLE_DIFFUSION, "timestep_spacing": spacing}
        wanted, _ = bare_loop(tiny.unet.module, reference("Euler", config, "epsilon"), both_texts(tiny), 5, (3,))
        _, (_, trajectory) = ours(tiny, "Euler", dict(STABLE_DIFFUSION), "epsilon", 5, (3,), spacing=spacing)
        assert_close(trajectory.x, wanted)


def test_ddim_eta_is_that_of_a_bare_loop(tiny: LatentDiffusion) -> None:
    loop = reference("DDIM", dict(STABLE_DIFFUSION), "epsilon")
    plain = loop.step
    loop.step = lambda output, time, x, generator: plain(output, time, x, eta=0.7, generator=generator)
    wanted, _ = bare_loop(tiny.unet.module, loop, both_texts(tiny), 6, (3, 9))
    _, (_, trajectory) = ours(tiny, "DDIM", dict(STABLE_DIFFUSION), "epsilon", 6, (3, 9), eta=0.7)
    assert_close(trajectory.x, wanted)


@pytest.mark.parametrize("kind", ["DDIM", "Euler", "DPM++ 2M", "Heun"])
def test_whole_pipeline_gives_the_picture_of_diffusers(tiny: LatentDiffusion, tiny_folder: Any, kind: str) -> None:
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(tiny_folder, safety_checker=None)
    name, own = REFERENCES[kind]
    pipeline.scheduler = getattr(diffusers, name).from_config(pipeline.scheduler.config, **own)
    pipeline.set_progress_bar_config(disable=True)
    wanted = pipeline(
        "red star", 32, 32, 5, guidance_scale=5.0, generator=torch.Generator().manual_seed(3), output_type="pt"
    ).images
    _, (latent, _) = ours(tiny, kind, tiny.schedule.config, "auto", 5, (3,))
    assert_close(vae_decode(tiny.vae, latent).pixels, wanted)


@pytest.mark.parametrize("kind", ["DDIM", "DDPM", "DPM++ 2M", "Euler"])
def test_a_batch_together_is_close_to_its_singles(tiny: LatentDiffusion, kind: str) -> None:
    _, (batch, _) = ours(tiny, kind, None, "epsilon", 4, (7, 8, 9, 10))
    for row, seed in enumerate((7, 8, 9, 10)):
        _, (single, _) = ours(tiny, kind, None, "epsilon", 4, (seed,))
        assert_close(batch.samples[row : row + 1], single.samples)
    pictures = vae_decode(tiny.vae, batch).pixels
    for row in range(4):
        assert torch.equal(pictures[row : row + 1], vae_decode(tiny.vae, Latent(batch.samples[row : row + 1])).pixels)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_equals_its_singles_to_the_last_bit(tiny: LatentDiffusion, kind: str) -> None:
    positive, negative = (clip_text_encode(tiny.text_encoder, text) for text in ("red star", ""))
    denoiser = unet_denoiser(tiny.unet, "flow" if kind == "Flow-match Euler" else "v")
    guider = classifier_free_guidance(denoiser, positive, negative, 5.0, 0.7)
    chosen = scheduler(None, kind, 5)  # type: ignore[arg-type]
    _, (batch, trajectory) = finish(sample(guider, chosen, Noise((7, 8, 9, 10))))
    for row, seed in enumerate((7, 8, 9, 10)):
        _, (single, alone) = finish(sample(guider, chosen, Noise((seed,))))
        assert torch.equal(batch.samples[row : row + 1], single.samples)
        for one, other in zip(trajectory.original, alone.original, strict=True):
            assert torch.equal(one[row : row + 1], other)


def test_each_row_of_a_batch_has_its_own_text_and_its_own_attention(tiny: LatentDiffusion) -> None:
    texts = [clip_text_encode(tiny.text_encoder, text) for text in ("red star", "blue")]
    both = Conditioning(torch.cat([text.tokens for text in texts]))
    denoiser, chosen = unet_denoiser(tiny.unet), scheduler(None, "DDIM", 2)  # type: ignore[arg-type]
    led = Changing(no_guidance(denoiser, both), classifier_free_guidance(denoiser, both, texts[1], 3.0), 1)
    _, batch = finish(sample(led, chosen, Noise((7, 8)), record="steps and attention"))
    for row, text in enumerate(texts):
        alone = Changing(no_guidance(denoiser, text), classifier_free_guidance(denoiser, text, texts[1], 3.0), 1)
        _, single = finish(sample(alone, chosen, Noise((7 + row,)), record="steps and attention"))
        assert torch.equal(batch.latent.samples[row : row + 1], single.latent.samples)
        for one, other in zip(batch.trajectory.attention, single.trajectory.attention, strict=True):
            assert all(torch.equal(one.maps[name][row : row + 1], other.maps[name]) for name in other.maps)
            assert all(torch.equal(one.places[name][row : row + 1], other.places[name]) for name in other.places)
            assert other.places


def test_the_same_run_twice_is_bit_identical_and_another_seed_is_not(tiny: LatentDiffusion) -> None:
    runs = [ours(tiny, "Euler ancestral", None, "epsilon", 4, (seed,))[1].latent.samples for seed in (5, 5, 6)]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_seeds_count_up_and_wrap() -> None:
    assert gaussian_noise(5, 3).seeds == (5, 6, 7)
    assert gaussian_noise(2**53 - 1, 2).seeds == (2**53 - 1, 0)


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
    _, (latent, trajectory) = finish(sample(guider, scheduler(None, kind, 6), Noise((3,)), Latent(x_0), strength))  # type: ignore[arg-type]
    assert_close([latent.samples], [x])
    assert len(trajectory.x) == len(loop.timesteps) - start + 1


def test_strength_zero_leaves_the_latent_as_it_is(tiny: LatentDiffusion) -> None:
    latent = Latent(torch.randn(1, 4, 8, 8))
    guider = no_guidance(unet_denoiser(tiny.unet), clip_text_encode(tiny.text_encoder, "red star"))
    seen, (result, trajectory) = finish(sample(guider, scheduler(), Noise((3, 4)), latent, 0.0))
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
    _, (_, trajectory) = ours(tiny, kind, None, "sample", 4, (3,))
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
    _, (latent, _) = finish(sample(guider, scheduler(None, "DDIM", 2), gaussian_noise(0, 1, 48, 24)))
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
    _, (full, trajectory) = finish(sample(guider, chosen, Noise((3,))))
    _, (bare, empty) = finish(sample(guider, chosen, Noise((3,)), record="nothing"))
    assert torch.equal(full.samples, bare.samples)
    assert len(trajectory.x) == 5
    assert empty.x == empty.original == empty.conditional == ()


def test_sampling_leaves_gradients_as_the_caller_has_them(tiny: LatentDiffusion) -> None:
    guider = no_guidance(unet_denoiser(tiny.unet), clip_text_encode(tiny.text_encoder, "red star"))
    steps = sample(guider, scheduler(None, "DDIM", 2), Noise((3,)))
    next(steps)
    assert torch.is_grad_enabled()
    steps.close()
