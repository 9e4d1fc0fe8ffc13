"""A copy of a model learns to move an image along a direction of CLIP; the model itself stays."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cosine_similarity, normalize

from nodeflow.node import NodeError
from nodeflow.wires import CLIP, Image, Latent, Schedule
from nodes.adapters.finetune import Tuned, diffusion_clip
from nodes.conditioning.clip_space import load_clip
from nodes.denoisers.denoisers import unet_denoiser
from nodes.denoisers.network_denoiser import NetworkDenoiser
from nodes.guidance.classifier_free import no_guidance
from nodes.latents.noise import latent_as_noise
from nodes.latents.vae import vae_decode, vae_encode
from nodes.loaders.load_models import LatentDiffusion
from nodes.loaders.quantised.codecs import RowScaled
from nodes.loaders.quantised.encoded import EncodedMatrix, EncodedTensor
from nodes.loaders.quantised.layers import store
from nodes.samplers.ddim_inversion import ddim_inversion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.test_sampling_parity import finish

NOISE = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5))


@pytest.fixture(scope="module")
def clip(tiny_clip: Path) -> CLIP:
    return load_clip(str(tiny_clip))


@pytest.fixture(scope="module")
def schedule(tiny: LatentDiffusion) -> Schedule:
    return scheduler(tiny.schedule, "DDIM", 3)


def test_what_is_painted_turns_to_the_direction_and_the_model_stays(
    tiny: LatentDiffusion, clip: CLIP, schedule: Schedule
) -> None:
    text, denoiser = tiny.text_encoder.encode(["red"]), unet_denoiser(tiny.unet)
    image = Image(torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(4)))
    _, noise = finish(ddim_inversion(no_guidance(denoiser, text), schedule, vae_encode(tiny.vae, image)))
    before = {name: weight.clone() for name, weight in tiny.unet.module.state_dict().items()}
    red, blue = clip.embed_texts(["red"]), clip.embed_texts(["blue star"])
    steps, tuned = finish(
        diffusion_clip(
            *(denoiser, text, schedule, noise, image, tiny.vae, clip, red, blue),
            learns="everything",
            rounds=10,
            rate=4e-3,
            keep=0.0,
            share=1.0,
        )
    )
    assert [step.index for step in steps] == list(range(1, 31))
    assert all(torch.equal(before[name], weight) for name, weight in tiny.unet.module.state_dict().items())
    assert not any(weight.requires_grad for weight in tiny.unet.module.parameters())
    assert tuned.curve.y.shape == (30,)
    assert tuned.curve.y[-3:].mean() < tuned.curve.y[:3].mean() - 0.1

    def away(denoiser: NetworkDenoiser) -> float:
        guider = no_guidance(denoiser, text)
        _, made = finish(sample(guider, schedule, latent_as_noise(noise), record="nothing"))
        shown = clip.embed_images(vae_decode(tiny.vae, made.latent)).values
        moved = normalize(shown, dim=-1) - normalize(clip.embed_images(image).values, dim=-1)
        return float(1 - cosine_similarity(moved, normalize(blue.values, dim=-1) - normalize(red.values, dim=-1))[0])

    assert away(tuned.denoiser) < away(denoiser) - 0.1


def test_only_the_reading_of_the_text_learns_unless_all_may(
    tiny: LatentDiffusion, clip: CLIP, schedule: Schedule
) -> None:
    text, denoiser = tiny.text_encoder.encode(["red"]), unet_denoiser(tiny.unet)
    image, noise = Image(torch.rand(1, 3, 32, 32)), Latent(torch.randn(1, 4, 8, 8))
    red, blue = clip.embed_texts(["red"]), clip.embed_texts(["blue star"])
    given = denoiser, text, schedule, noise, image, tiny.vae, clip, red, blue
    _, tuned = finish(diffusion_clip(*given, learns="how it reads the text", rounds=1))
    before, after = tiny.unet.module.state_dict(), tuned.denoiser.network.module.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {name for name in before if "attn2.to_k" in name or "attn2.to_v" in name}


@pytest.mark.parametrize(("rate", "kept"), [(0.0, 1), (0.02, 3)])
def test_more_learns_where_clip_is_not_content(
    tiny: LatentDiffusion, clip: CLIP, schedule: Schedule, rate: float, kept: int
) -> None:
    text, denoiser = tiny.text_encoder.encode(["red"]), unet_denoiser(tiny.unet)
    image, noise = Image(torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(4))), Latent(NOISE)
    given = denoiser, text, schedule, noise, image, tiny.vae, clip
    texts = clip.embed_texts(["red"]), clip.embed_texts(["blue star"])
    steps, tuned = finish(diffusion_clip(*given, *texts, share=1.0, rounds=1, rate=rate))
    assert [len(steps), len(tuned.curve.y), tuned.kept] == [9, 9, kept]
    before, after = tiny.unet.module.state_dict(), tuned.denoiser.network.module.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any("attn2" not in name for name in changed) is (kept == 3)


def test_the_round_that_clip_finds_best_is_kept(tiny: LatentDiffusion, clip: CLIP, schedule: Schedule) -> None:
    text, denoiser = tiny.text_encoder.encode(["red"]), unet_denoiser(tiny.unet)
    image = Image(torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(4)))
    _, noise = finish(ddim_inversion(no_guidance(denoiser, text), schedule, vae_encode(tiny.vae, image)))
    texts = clip.embed_texts(["red"]), clip.embed_texts(["blue star"])

    def taught(rounds: int) -> Tuned:
        given = denoiser, text, schedule, noise, image, tiny.vae, clip, *texts
        return finish(diffusion_clip(*given, learns="everything", rounds=rounds, rate=0.01))[1]

    many = taught(8)
    assert many.kept < 8, "with steps as large as these learning goes astray"
    fewer = taught(many.kept)
    assert fewer.kept == many.kept
    weights = (tuned.denoiser.network.module.state_dict() for tuned in (fewer, many))
    assert all(torch.equal(one, other) for one, other in zip(*(state.values() for state in weights), strict=True))


def test_what_cannot_be_learned_is_a_sentence(tiny: LatentDiffusion, clip: CLIP, schedule: Schedule) -> None:
    text, denoiser = tiny.text_encoder.encode(["red"]), unet_denoiser(tiny.unet)
    image, red, noise = Image(torch.rand(1, 3, 32, 32)), clip.embed_texts(["red"]), Latent(torch.zeros(1, 4, 8, 8))
    with pytest.raises(NodeError, match="say the same"):
        finish(diffusion_clip(denoiser, text, schedule, noise, image, tiny.vae, clip, red, red))
    with pytest.raises(NodeError, match="noise is for 2 images, and there are 1"):
        two = Latent(noise.samples.repeat(2, 1, 1, 1))
        finish(diffusion_clip(denoiser, text, schedule, two, image, tiny.vae, clip, red, clip.embed_texts(["blue"])))
    with pytest.raises(NodeError, match="paints 32 x 32 and the image is 24 x 16; resize it"):
        small = Image(image.pixels[..., :16, :24])
        finish(diffusion_clip(denoiser, text, schedule, noise, small, tiny.vae, clip, red, clip.embed_texts(["blue"])))


def test_quantised_weights_cannot_learn(tiny: LatentDiffusion, clip: CLIP, schedule: Schedule) -> None:
    module = deepcopy(tiny.unet.module)
    name = "time_embedding.linear_1.weight"
    weight = module.get_parameter(name).data
    matrix = EncodedMatrix(RowScaled(), {"codes": weight.to(torch.float8_e4m3fn)}, *weight.shape)
    store(module, {name: EncodedTensor.of(matrix)}, torch.float32)
    denoiser = unet_denoiser(replace(tiny.unet, module=module))
    texts = clip.embed_texts(["red"]), clip.embed_texts(["blue"])
    image, noise = Image(torch.rand(1, 3, 32, 32)), Latent(torch.zeros(1, 4, 8, 8))
    with pytest.raises(NodeError, match="weights are quantised and cannot learn"):
        text = tiny.text_encoder.encode(["red"])
        finish(diffusion_clip(denoiser, text, schedule, noise, image, tiny.vae, clip, *texts))
