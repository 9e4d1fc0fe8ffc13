"""CLIP guidance: the paper's formula, for every kind of prediction, and what it does to the similarity."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cosine_similarity

from nodeflow.node import NodeError
from nodeflow.wires import CLIP, Image
from nodes.conditioning.clip_space import load_clip
from nodes.denoisers.calls.prediction_types import original
from nodes.denoisers.denoisers import pixel_denoiser, unet_denoiser
from nodes.guidance.classifier_free import no_guidance
from nodes.guidance.clip_gradient import clip_guidance
from nodes.latents.noise import gaussian_noise
from nodes.latents.vae import pixel_space
from nodes.loaders.load_models import LatentDiffusion, load_ddpm
from nodes.masks.masks import shape_mask
from nodes.samplers.inpainting import inpaint
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import noise_levels, scheduler
from tests.nodes.test_sampling_parity import finish

TEXT = "red star"


@pytest.fixture(scope="module")
def clip(tiny_clip: Path) -> CLIP:
    return load_clip(str(tiny_clip))


def denoiser(folder: Path, prediction: Any = "auto") -> Any:
    return pixel_denoiser(load_ddpm(str(folder)).unet, prediction)


def test_the_noise_is_moved_by_the_gradient_through_the_network(tiny_ddpm: Path, clip: CLIP) -> None:
    network, schedule = denoiser(tiny_ddpm), scheduler(load_ddpm(str(tiny_ddpm)).schedule, "DDIM", 5)
    guider: Any = clip_guidance(no_guidance(network), clip, schedule, TEXT, 40.0)
    x, time = torch.randn(2, 3, 16, 16), schedule.begin("epsilon", torch.device("cpu")).timesteps[2]
    level = guider.levels[2]
    seen = x.clone().requires_grad_()
    epsilon = network.network.module(seen, time).sample
    vectors = clip.embed_images(Image(original("epsilon", epsilon, seen, level) / 2 + 0.5)).values
    similarity = cosine_similarity(vectors, clip.embed_texts([TEXT]).values).sum()
    wanted = epsilon - 40.0 * level.sigma * torch.autograd.grad(similarity, seen)[0]
    with torch.no_grad():
        found = guider.predict(x, time, 2, 5)
    torch.testing.assert_close(found.output, wanted.detach(), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.conditional, epsilon.detach())
    assert not found.output.requires_grad


@pytest.mark.parametrize("prediction", ["epsilon", "v", "sample"])
def test_what_is_foreseen_comes_nearer_to_the_text(tiny_ddpm: Path, clip: CLIP, prediction: Any) -> None:
    schedule = scheduler(
        noise_levels("cosine", terminal="a little signal" if prediction == "epsilon" else "no signal"), "DDIM", 6
    )
    network = denoiser(tiny_ddpm, prediction)
    made, text = dict[float, torch.Tensor](), clip.embed_texts([TEXT]).values
    for scale in (0.0, 100.0):
        guider = clip_guidance(no_guidance(network), clip, schedule, TEXT, scale)
        _, found = finish(sample(guider, schedule, gaussian_noise(1, 2)))
        pictures = Image(found.latent.samples / 2 + 0.5)
        made[scale] = cosine_similarity(clip.embed_images(pictures).values, text).mean()
    assert made[100.0] > made[0.0] + 0.03


def test_scale_nought_is_the_guider_alone_and_masks_go_with_it(tiny_ddpm: Path, clip: CLIP) -> None:
    schedule, network = scheduler(load_ddpm(str(tiny_ddpm)).schedule, "DDIM", 3), denoiser(tiny_ddpm)
    plain, known = no_guidance(network), pixel_space().encode(Image(torch.rand(1, 3, 16, 16)))
    made = [
        finish(sample(guider, schedule, gaussian_noise(2)))[1].latent.samples
        for guider in (plain, clip_guidance(plain, clip, schedule, TEXT, 0.0))
    ]
    assert torch.equal(*made)
    led = clip_guidance(plain, clip, schedule, TEXT, 30.0)
    mask = shape_mask(Image(torch.zeros(1, 3, 16, 16)), left=0.5, right=1, top=0, bottom=1)
    _, found = finish(sample(inpaint(led, schedule, known, mask), schedule, gaussian_noise(2)))
    assert (found.latent.samples - known.samples)[..., :8].abs().max() < 0.1


def test_what_does_not_go_together_is_a_sentence(tiny: LatentDiffusion, tiny_ddpm: Path, clip: CLIP) -> None:
    schedule = scheduler(tiny.schedule, "DDIM", 3)
    with pytest.raises(NodeError, match="this model paints latents; take a model on pixels"):
        clip_guidance(no_guidance(unet_denoiser(tiny.unet)), clip, schedule, TEXT)
    guider = clip_guidance(no_guidance(denoiser(tiny_ddpm)), clip, schedule, TEXT)
    with pytest.raises(NodeError, match="a schedule of 3 steps and the sampler one of 4"):
        finish(sample(guider, scheduler(tiny.schedule, "DDIM", 4), gaussian_noise()))
