"""Recorded attention: what it says, what it costs in memory, and that it changes nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from nodeflow.engine.cache.codec import decode, encode
from nodeflow.engine.inspect.attention_views import mean_map, words_of
from nodeflow.node import NodeError
from nodeflow.wires import Trajectory
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import change_guidance, classifier_free_guidance, no_guidance
from nodes.latents.noise import gaussian_noise
from nodes.latents.vae import vae_decode
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.networks import attention_recorder
from nodes.networks.attention_recorder import Recorder
from nodes.samplers.sampling_loop import Sampled, sample
from nodes.schedulers.schedulers import scheduler
from training.evaluation.checker import find_background, find_subject

Draw = Callable[..., Sampled]


@pytest.fixture(scope="module")
def model() -> LatentDiffusion:
    return load_latent_diffusion()


@pytest.fixture(scope="module")
def sampled(model: LatentDiffusion) -> Draw:
    def draw(
        text: str, *, seed: int = 0, batch: int = 1, record: str = "steps and attention", steps: int = 12
    ) -> Sampled:
        denoiser = unet_denoiser(model.unet)
        positive, negative = (clip_text_encode(model.text_encoder, words) for words in (text, ""))
        guider = classifier_free_guidance(denoiser, positive, negative, 2.5)
        running = sample(guider, scheduler(model.schedule, "DDIM", steps), gaussian_noise(seed, batch), record=record)
        while True:
            try:
                next(running)
            except StopIteration as end:
                return end.value

    return draw


def test_maps_sum_to_one_over_the_words_at_every_layer_and_step(sampled: Draw) -> None:
    path = sampled("a red star on a blue background", batch=2, steps=3).trajectory
    assert len(path.attention) == 3
    for step in path.attention:
        assert "star" in [word.strip() for word in step.words]
        assert len(step.maps) == 7
        for layer in step.maps.values():
            assert layer.shape[0] == 2
            assert layer.shape[-1] == len(step.words)
            assert torch.allclose(layer.float().sum(-1), torch.ones(layer.shape[:-1]), atol=2e-3)
        assert len(step.places) == 7
        for layer in step.places.values():
            assert torch.allclose(layer.float().sum((-2, -1)), torch.ones(layer.shape[:3]), atol=4e-3)
    assert torch.allclose(mean_map(path, 1).sum(-1), torch.ones(16, 16), atol=2e-3)


def test_recording_changes_nothing_and_leaves_no_hooks(sampled: Draw, model: LatentDiffusion) -> None:
    plain = sampled("a yellow moon", record="steps", steps=4)
    watched = sampled("a yellow moon", steps=4)
    assert torch.equal(plain.latent.samples, watched.latent.samples)
    assert all(map(torch.equal, plain.trajectory.x, watched.trajectory.x))
    assert plain.trajectory.attention == ()
    assert not any(layer._forward_pre_hooks or layer._forward_hooks for layer in model.unet.module.modules())


@pytest.mark.parametrize("colours", [("red",), pytest.param(("red", "yellow"), marks=pytest.mark.slow)])
def test_the_subjects_word_lies_on_the_subject(sampled: Draw, model: LatentDiffusion, colours: tuple[str, ...]) -> None:
    overlaps, chances = [], []
    for seed, (colour, subject) in enumerate(itertools.product(colours, ("star", "heart", "fish", "house", "moon"))):
        made = sampled(f"a {colour} {subject} on a blue background", seed=seed)
        picture = vae_decode(model.vae, made.latent).pixels[0].permute(1, 2, 0).numpy()
        mask, _ = find_subject(picture, find_background(picture)[0])
        path = made.trajectory
        place = next(int(word.split()[0]) for word in words_of(path.attention[0]) if word.endswith(subject))
        found = mean_map(path, 0)[..., place]
        fine = torch.nn.functional.interpolate(found[None, None], (64, 64), mode="bilinear")[0, 0].numpy()
        top = fine >= np.quantile(fine, 0.8)
        overlaps.append(float(mask[top].mean()))
        chances.append(float(mask.mean()))
    print(
        f"top fifth on the subject: {np.mean(overlaps):.3f}, by chance {np.mean(chances):.3f}, {np.round(overlaps, 2)}"
    )
    assert np.mean(overlaps) > 2 * np.mean(chances)
    assert sum(overlap > 1.5 * chance for overlap, chance in zip(overlaps, chances, strict=True)) >= len(overlaps) - 1


def test_memory_is_bounded_by_coarser_maps(sampled: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention_recorder, "MAX_BYTES", 60_000)
    monkeypatch.setattr(attention_recorder, "MAX_PLACE_BYTES", 120_000)
    path = sampled("a red cup", steps=6).trajectory
    assert sum(layer.numel() * 2 for step in path.attention for layer in step.maps.values()) <= 60_000
    assert sum(layer.numel() * 2 for step in path.attention for layer in step.places.values()) <= 120_000
    for layer in path.attention[0].places.values():
        assert torch.allclose(layer.float().sum((-2, -1)), torch.ones(layer.shape[:3]), atol=4e-3)
    assert torch.allclose(mean_map(path, 0).sum(-1), torch.ones(16, 16), atol=2e-3)


def test_a_change_of_guidance_has_the_words_of_each_step(model: LatentDiffusion) -> None:
    denoiser = unet_denoiser(model.unet)
    cat, fish = (no_guidance(denoiser, clip_text_encode(model.text_encoder, f"a {word}")) for word in ("cat", "fish"))
    running = sample(
        change_guidance(cat, fish, 1),
        scheduler(model.schedule, "DDIM", 2),
        gaussian_noise(),
        record="steps and attention",
    )
    while True:
        try:
            next(running)
        except StopIteration as end:
            path: Trajectory = end.value.trajectory
            break
    assert [step.words[2].strip() for step in path.attention] == ["cat", "fish"]


def test_it_is_stored_and_comes_back(sampled: Draw) -> None:
    path = sampled("a blue boat", steps=2).trajectory
    (back,) = decode(encode((path,)))
    for one, other in zip(path.attention, back.attention, strict=True):
        assert one.words == other.words
        assert all(torch.equal(one.maps[name], other.maps[name]) for name in one.maps)
        assert all(torch.equal(one.places[name], other.places[name]) for name in one.places)


def test_a_model_that_looks_at_no_words_is_refused(model: LatentDiffusion, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="no attention"):
        Recorder(object(), 5)  # type: ignore[arg-type]
