"""Our sampling against bare diffusers loops and pipelines, with the same weights."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import diffusers
import pytest
import torch

from nodeflow.wires import Conditioning, Latent, Noise, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import Changing, classifier_free_guidance, no_guidance
from nodes.latents.noise import gaussian_noise
from nodes.latents.vae import vae_decode
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import HIGHEST_SIGMA, KARRAS_KINDS, KINDS, STABLE_DIFFUSION
from tests.nodes.bare_loops import DIFFUSION, REFERENCES, assert_close, bare_loop, both_texts, finish, ours, reference

ZERO_SNR = {
    **{name: value for name, value in STABLE_DIFFUSION.items() if name != "steps_offset"},
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
}


TRAILING = {"timestep_spacing": "trailing"}


OWN_ZERO_SNR = ["DDIM", "DDPM", "Euler", "Euler ancestral", "DPM++ 2M", "DPM++ 2M SDE", "UniPC", "LCM"]


def test_every_kind_is_offered_and_has_a_reference() -> None:
    offered = get_args(inspect.get_annotations(scheduler, eval_str=True)["kind"])
    assert set(offered) == set(KINDS) == set(REFERENCES)


@pytest.mark.parametrize("prediction", ["epsilon", "v"])
@pytest.mark.parametrize("kind", DIFFUSION)
def test_each_step_is_that_of_a_bare_loop(light: LatentDiffusion, kind: str, prediction: str) -> None:
    config = dict(STABLE_DIFFUSION)
    wanted, originals = bare_loop(light.unet.module, reference(kind, config, prediction), both_texts(light), 6, (3, 4))
    seen, (latent, trajectory, _) = ours(light, kind, config, prediction, 6, (3, 4))
    assert_close(trajectory.x, wanted)
    assert torch.equal(latent.samples, trajectory.x[-1])
    assert len(trajectory.original) == len(trajectory.timesteps) == len(trajectory.sigmas) - 1 == len(wanted) - 1
    assert [step.index for step in seen] == list(range(1, len(wanted)))
    assert {step.total for step in seen} == {len(wanted) - 1}
    if originals and kind != "LCM":
        assert_close(trajectory.original, originals)


def test_flow_matching_is_that_of_a_bare_loop(light: LatentDiffusion) -> None:
    config = {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0}
    wanted, _ = bare_loop(
        light.unet.module, reference("Flow-match Euler", config, "flow"), both_texts(light), 6, (3, 4)
    )
    _, (_, trajectory, _) = ours(light, "Flow-match Euler", config, "flow", 6, (3, 4))
    assert_close(trajectory.x, wanted)
    assert trajectory.sigmas[0] == 1
    assert trajectory.sigmas[-1] == 0
    assert_close([trajectory.original[-1]], [trajectory.x[-1]])


@pytest.mark.parametrize("kind", OWN_ZERO_SNR)
def test_zero_terminal_snr_is_that_of_a_bare_loop(light: LatentDiffusion, kind: str) -> None:
    wanted, originals = bare_loop(light.unet.module, reference(kind, ZERO_SNR, "v"), both_texts(light), 6, (3,))
    _, (_, trajectory, _) = ours(light, kind, ZERO_SNR, "v", 6, (3,))
    assert_close(trajectory.x, wanted)
    if originals and kind != "LCM":
        assert_close(trajectory.original, originals)


@pytest.fixture(scope="module")
def in_fine_steps(light: LatentDiffusion) -> Latent:
    """What the noise becomes in so many steps that the kind of solver no longer matters."""
    _, (latent, _, _) = ours(light, "DDIM", ZERO_SNR, "v", 500, (3,))
    return latent


@pytest.mark.parametrize("kind", sorted(set(DIFFUSION) - set(OWN_ZERO_SNR)))
def test_zero_terminal_snr_reaches_kinds_that_cannot_rescale_themselves(
    light: LatentDiffusion, in_fine_steps: Latent, kind: str
) -> None:
    _, (latent, trajectory, _) = ours(light, kind, ZERO_SNR, "v", 20, (3,))
    assert abs(float(trajectory.sigmas[0]) - HIGHEST_SIGMA) < 0.1
    error = (latent.samples - in_fine_steps.samples).abs().mean() / in_fine_steps.samples.std()
    assert error < 0.1


@pytest.mark.parametrize("kind", KARRAS_KINDS)
def test_karras_spacing_begins_at_a_finite_noise(light: LatentDiffusion, kind: str) -> None:
    _, (latent, trajectory, _) = ours(light, kind, ZERO_SNR, "v", 20, (3,), sigmas="Karras")
    assert abs(float(trajectory.sigmas[0]) - HIGHEST_SIGMA) < 0.1
    assert torch.isfinite(latent.samples).all()


@pytest.mark.parametrize("kind", KARRAS_KINDS)
def test_karras_spacing_is_that_of_a_bare_loop(light: LatentDiffusion, kind: str) -> None:
    config = dict(STABLE_DIFFUSION)
    loop = reference(kind, config, "epsilon", use_karras_sigmas=True)
    if kind == "Euler ancestral":
        loop.set_timesteps = lambda steps: ancestral_karras(loop, config, steps)
    wanted, _ = bare_loop(light.unet.module, loop, both_texts(light), 6, (3,))
    _, (_, trajectory, _) = ours(light, kind, config, "epsilon", 6, (3,), sigmas="Karras")
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


def test_spacing_is_that_of_diffusers(light: LatentDiffusion) -> None:
    for spacing in ("leading", "linspace", "trailing"):
        config = {**STABLE_DIFFUSION, "timestep_spacing": spacing}
        wanted, _ = bare_loop(light.unet.module, reference("Euler", config, "epsilon"), both_texts(light), 5, (3,))
        _, (_, trajectory, _) = ours(light, "Euler", dict(STABLE_DIFFUSION), "epsilon", 5, (3,), spacing=spacing)
        assert_close(trajectory.x, wanted)


def test_ddim_eta_is_that_of_a_bare_loop(light: LatentDiffusion) -> None:
    loop = reference("DDIM", dict(STABLE_DIFFUSION), "epsilon")
    plain = loop.step
    loop.step = lambda output, time, x, generator: plain(output, time, x, eta=0.7, generator=generator)
    wanted, _ = bare_loop(light.unet.module, loop, both_texts(light), 6, (3, 9))
    _, (_, trajectory, _) = ours(light, "DDIM", dict(STABLE_DIFFUSION), "epsilon", 6, (3, 9), eta=0.7)
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
    _, (latent, _, _) = ours(tiny, kind, tiny.schedule.config, "auto", 5, (3,))
    assert_close(vae_decode(tiny.vae, latent).pixels, wanted)


@pytest.mark.parametrize("kind", ["DDIM", "DDPM", "DPM++ 2M", "Euler"])
def test_a_batch_together_is_close_to_its_singles(tiny: LatentDiffusion, kind: str) -> None:
    _, (batch, _, _) = ours(tiny, kind, None, "epsilon", 4, (7, 8, 9, 10))
    for row, seed in enumerate((7, 8, 9, 10)):
        _, (single, _, _) = ours(tiny, kind, None, "epsilon", 4, (seed,))
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
    _, (batch, trajectory, _) = finish(sample(guider, chosen, Noise((7, 8, 9))))
    for row, seed in ((0, 7), (2, 9)):
        _, (single, alone, _) = finish(sample(guider, chosen, Noise((seed,))))
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


def test_the_same_run_twice_is_bit_identical_and_another_seed_is_not(light: LatentDiffusion) -> None:
    runs = [ours(light, "Euler ancestral", None, "epsilon", 4, (seed,))[1].latent.samples for seed in (5, 5, 6)]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_seeds_count_up_and_wrap() -> None:
    assert gaussian_noise(5, 3).seeds == (5, 6, 7)
    assert gaussian_noise(2**53 - 1, 2).seeds == (2**53 - 1, 0)
