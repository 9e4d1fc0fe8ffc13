"""Guidance after the papers of recent years: diffusers' own guiders, on the same networks and the same latents."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import guiders, hooks
from diffusers.hooks.smoothed_energy_guidance_utils import _gaussian_blur_2d
from diffusers.models.attention_processor import PAGJointAttnProcessor2_0
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Denoiser, Guider, Noise, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.denoisers.flow_transformers import flux_denoiser, joint_denoiser, load_flow_transformer, load_flux
from nodes.denoisers.step_memory import StepMemory
from nodes.guidance.adaptive_projected import adaptive_projected_guidance
from nodes.guidance.auto_guidance import auto_guidance
from nodes.guidance.classifier_free import classifier_free_guidance, guidance_interval, no_guidance
from nodes.guidance.frequency_decoupled import frequency_decoupled_guidance
from nodes.guidance.magnitude_aware import magnitude_aware_guidance
from nodes.guidance.normalised import normalise_guidance
from nodes.guidance.perturbed import (
    perturbed_attention_guidance,
    skip_layer_guidance,
    smoothed_energy_guidance,
    weaken_guidance,
)
from nodes.guidance.tangential import tangential_guidance
from nodes.guidance.zero_star import zero_star_guidance
from nodes.loaders.load_models import LatentDiffusion
from nodes.networks.perturbations import blurred
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.test_sampling_parity import finish

X = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
TIME, STEPS = torch.tensor(500.0), 10
CLOSE: dict[str, Any] = {"atol": 1e-5, "rtol": 1e-5}


class Asked:
    """A denoiser and two texts for it."""

    def __init__(self, denoiser: Any, positive: Conditioning, negative: Conditioning) -> None:
        self.denoiser, self.positive, self.negative = denoiser, positive, negative

    @property
    def module(self) -> torch.nn.Module:
        module: torch.nn.Module = self.denoiser.network.module
        return module

    def three(self) -> tuple[Denoiser, Conditioning, Conditioning]:
        return self.denoiser, self.positive, self.negative


@pytest.fixture(scope="module")
def unet(tiny: LatentDiffusion) -> Asked:
    return Asked(unet_denoiser(tiny.unet), *(clip_text_encode(tiny.text_encoder, text) for text in ("a star", "blue")))


@pytest.fixture(scope="module")
def joint(tiny_sd3: Path) -> Asked:
    model = load_flow_transformer(str(tiny_sd3))
    return Asked(
        joint_denoiser(model.transformer), *(clip_text_encode(model.text_encoder, text) for text in ("a star", "blue"))
    )


@pytest.fixture(scope="module")
def flux(tiny_flux: Path) -> Asked:
    model = load_flux(str(tiny_flux))
    return Asked(
        flux_denoiser(model.transformer), *(clip_text_encode(model.text_encoder, text) for text in ("a star", "blue"))
    )


@pytest.fixture(params=["unet", "joint"])
def asked(request: pytest.FixtureRequest) -> Asked:
    found: Asked = request.getfixturevalue(request.param)
    return found


def by_diffusers(guider: Any, asked: Asked, index: int) -> Tensor:
    """What a guider of diffusers makes of a step, driven as its modular pipelines drive it."""
    guider.set_state(index, STEPS, TIME)
    batches = guider.prepare_inputs({"text": (asked.positive, asked.negative)})
    with torch.no_grad():
        for batch in batches:
            if isinstance(guider, guiders.SmoothedEnergyGuidance):  # which forgets to count, and never blurs
                guider._count_prepared += 1
            guider.prepare_models(asked.module)
            batch.noise_pred = asked.denoiser.predict(X, TIME, batch.text)
            guider.cleanup_models(asked.module)
    found: Tensor = guider(batches)[0]
    return found


def by_us(guider: Guider, index: int, x: Tensor = X) -> Tensor:
    with torch.no_grad():
        found = guider.at(index, STEPS).predict(x, TIME, index, STEPS)
        assert torch.equal(found.output, guider.predict(x, TIME, index, STEPS).output)
    return found.output


RULES: dict[str, tuple[Callable[..., Guider], Any]] = {
    "projected": (
        lambda asked: adaptive_projected_guidance(*asked.three(), 7.0, 0.3, 5.0),
        lambda: guiders.AdaptiveProjectedGuidance(7.0, None, 5.0, eta=0.3),
    ),
    "projected, as long as it is": (
        lambda asked: adaptive_projected_guidance(*asked.three(), 7.0, 0.0, 0.0),
        lambda: guiders.AdaptiveProjectedGuidance(7.0, None, 0.0, eta=0.0),
    ),
    "tangential": (
        lambda asked: tangential_guidance(*asked.three(), 6.0),
        lambda: guiders.TangentialClassifierFreeGuidance(6.0),
    ),
    "magnitude": (
        lambda asked: magnitude_aware_guidance(*asked.three(), 9.0, 2.0),
        lambda: guiders.MagnitudeAwareGuidance(9.0, 2.0),
    ),
    "frequencies": (
        lambda asked: frequency_decoupled_guidance(*asked.three(), 9.0, 4.0),
        lambda: guiders.FrequencyDecoupledGuidance([9.0, 4.0]),
    ),
    "zero star": (
        lambda asked: zero_star_guidance(*asked.three(), 5.0, 2),
        lambda: guiders.ClassifierFreeZeroStarGuidance(5.0, 2),
    ),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("index", [0, 5])
def test_two_predictions_become_what_diffusers_makes_of_them(rule: str, index: int, asked: Asked) -> None:
    ours, make = RULES[rule]
    guider, theirs = ours(asked), make()
    with torch.no_grad():
        found = guider.predict(X, TIME, index, STEPS)
        plain = classifier_free_guidance(*asked.three(), 7.0).predict(X, TIME, index, STEPS)
    both = [part for part in (plain.conditional, plain.unconditional) if part is not None]
    if isinstance(theirs, guiders.MagnitudeAwareGuidance):  # torch.norm, which it calls, takes at most two axes
        both = [part.flatten(2) for part in both]
    theirs.set_state(index, STEPS, TIME)
    torch.testing.assert_close(found.output, theirs.forward(*both)[0].reshape(X.shape), **CLOSE)
    assert not torch.allclose(found.output, plain.output)
    assert torch.equal(by_us(guider, index), found.output)


def test_momentum_is_that_of_diffusers(asked: Asked) -> None:
    """Along the steps of a run, each of which knows what the one before it added up."""
    theirs = guiders.AdaptiveProjectedGuidance(7.0, -0.5, 5.0, eta=0.3)
    memory = StepMemory()
    (guider,) = memory.of([adaptive_projected_guidance(*asked.three(), 7.0, 0.3, 5.0, -0.5)])
    for index, x in enumerate((X, 0.9 * X, 0.7 * X)):
        memory.begin(index)
        with torch.no_grad():
            found = guider.predict(x, TIME, index, STEPS)
        theirs.set_state(index, STEPS, TIME)
        if index == 0:
            theirs.prepare_inputs({"text": (asked.positive, asked.negative)})
        wanted = theirs.forward(found.conditional, found.unconditional)[0]
        torch.testing.assert_close(found.output, wanted, **CLOSE)


@pytest.mark.parametrize("size", [(12, 20), (12, 10), (16, 12), (7, 5)])
def test_frequencies_of_any_size(size: tuple[int, int], unet: Asked) -> None:
    x = torch.randn(1, 4, *(2 * side for side in size))
    equal = by_us(frequency_decoupled_guidance(*unet.three(), 5.0, 5.0), 0, x)
    torch.testing.assert_close(equal, by_us(classifier_free_guidance(*unet.three(), 5.0), 0, x), atol=1e-4, rtol=1e-4)
    assert by_us(frequency_decoupled_guidance(*unet.three(), 9.0, 2.0), 0, x).shape == x.shape


def block(asked: Asked) -> dict[str, Any]:
    """A block of each network, as diffusers names it."""
    unet = hasattr(asked.module, "mid_block")
    return {"indices": [0], "fqn": "mid_block.attentions.0.transformer_blocks" if unet else "transformer_blocks"}


def same_block(asked: Asked) -> str:
    return "mid_block" if hasattr(asked.module, "mid_block") else "0"


def led_away(ours: Callable[[Guider, str], Guider], theirs: Any, asked: Asked) -> None:
    """Each within the steps and outside of them; the network is afterwards as it was."""
    plain = classifier_free_guidance(*asked.three(), 6.0)
    guider, before = ours(plain, same_block(asked)), by_us(plain, 1)
    torch.testing.assert_close(by_us(guider, 1), by_diffusers(theirs, asked, 1), **CLOSE)
    assert torch.equal(by_us(guider, 5), by_us(plain, 5))
    assert torch.equal(by_us(plain, 1), before)
    assert not torch.allclose(by_us(guider, 1), before)


def test_blocks_left_out_lead_as_by_diffusers(unet: Asked) -> None:
    theirs = guiders.SkipLayerGuidance(6.0, 2.5, skip_layer_config=hooks.LayerSkipConfig(**block(unet)))
    led_away(lambda guider, layers: skip_layer_guidance(guider, layers, 2.5), theirs, unet)


def test_blocks_left_out_lead_as_in_the_pipeline_of_stable_diffusion_3(joint: Asked) -> None:
    plain = classifier_free_guidance(*joint.three(), 6.0)
    with torch.no_grad():
        conditional = plain.predict(X, TIME, 1, STEPS).conditional
        text = joint.positive
        without = joint.module(X, text.tokens, text.pooled, TIME[None], skip_layers=[1], return_dict=False)[0]
    wanted = by_us(plain, 1) + 2.5 * (conditional - without)
    torch.testing.assert_close(by_us(skip_layer_guidance(plain, "1", 2.5), 1), wanted, **CLOSE)
    assert not torch.allclose(wanted, by_us(plain, 1))


def test_attention_to_nothing_else_leads_as_by_diffusers(unet: Asked) -> None:
    config = hooks.LayerSkipConfig(**block(unet), skip_attention=False, skip_attention_scores=True, skip_ff=False)
    theirs = guiders.PerturbedAttentionGuidance(6.0, 2.5, perturbed_guidance_config=config)
    led_away(lambda guider, layers: perturbed_attention_guidance(guider, layers, 2.5, 0.01, 0.2), theirs, unet)


def test_attention_to_the_text_alone_leads_as_in_the_pipeline_of_stable_diffusion_3(joint: Asked) -> None:
    plain = classifier_free_guidance(*joint.three(), 6.0)
    guider = perturbed_attention_guidance(plain, "0", 2.5)
    before, found = by_us(plain, 1), by_us(guider, 1)
    attention = joint.module.get_submodule("transformer_blocks.0.attn")
    own = attention.processor
    attention.processor = PAGJointAttnProcessor2_0()  # takes what is plain, and the same to be worse, in one batch
    with torch.no_grad():
        as_it_is, worse = joint.denoiser.predict(torch.cat([X, X]), TIME, joint.positive).chunk(2)
    attention.processor = own
    torch.testing.assert_close(found, before + 2.5 * (as_it_is - worse), **CLOSE)
    assert not torch.allclose(found, before)


def test_blocks_of_one_row_of_tokens_are_blind_too(flux: Asked) -> None:
    plain = no_guidance(flux.denoiser, flux.positive)
    both = [by_us(perturbed_attention_guidance(plain, layers, 2.5), 1) for layers in ("0", "1", "0, 1")]
    assert len({float(found.sum()) for found in [*both, by_us(plain, 1)]}) == 4
    with pytest.raises(NodeError, match="has no queries of the image alone"):
        by_us(smoothed_energy_guidance(plain, "1"), 1)


def test_blurred_queries_lead_as_by_diffusers(asked: Asked) -> None:
    theirs = guiders.SmoothedEnergyGuidance(
        6.0,
        2.5,
        seg_blur_sigma=1.0,  # diffusers takes the mean for a finite blur, and the blur for an infinite one
        seg_guidance_start=0.01,
        seg_guidance_stop=0.2,
        seg_guidance_config=hooks.SmoothedEnergyGuidanceConfig(**block(asked)),
    )
    led_away(lambda guider, layers: smoothed_energy_guidance(guider, layers, 2.5, start=0.01, end=0.2), theirs, asked)


def test_auto_guidance_with_blocks_left_out_is_that_of_diffusers(unet: Asked) -> None:
    config = hooks.LayerSkipConfig(**block(unet))
    weak = weaken_guidance(no_guidance(unet.denoiser, unet.negative), same_block(unet))
    found = by_us(auto_guidance(no_guidance(unet.denoiser, unet.positive), weak, 3.0), 4)
    theirs = guiders.AutoGuidance(3.0, auto_guidance_config=config)
    torch.testing.assert_close(found, by_diffusers(theirs, unet, 4), **CLOSE)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("side", [8, 9])
def test_the_blur_of_queries_is_that_of_diffusers(sigma: float, side: int) -> None:
    queries = torch.randn(2, side * side, 6)
    width = int(6 * sigma) + 1 - int(6 * sigma) % 2
    wanted = _gaussian_blur_2d(queries.clone(), width, sigma, sigma_threshold_inf=0.0)
    found = blurred(queries.mT.reshape(2, 6, side, side), sigma).flatten(2).mT
    torch.testing.assert_close(found, wanted, **CLOSE)


def test_a_blur_grows_into_the_mean_also_of_oblong_images() -> None:
    x = torch.randn(1, 2, 6, 10)
    assert blurred(x, float("inf")).std((-2, -1)).max() < 1e-6
    steady = torch.full((1, 2, 6, 10), 3.0)
    torch.testing.assert_close(blurred(steady, 2.0), steady)
    assert blurred(x, 4.0).std() < blurred(x, 0.5).std() < x.std()


def test_they_go_around_one_another_and_into_a_run(joint: Asked) -> None:
    chained = guidance_interval(
        normalise_guidance(skip_layer_guidance(adaptive_projected_guidance(*joint.three(), 6.0), "1", 2.0, 0.0, 0.6)),
        0.0,
        0.7,
    )
    with torch.no_grad():
        alone = no_guidance(joint.denoiser, joint.positive).predict(X, TIME, 8, STEPS).output
    assert torch.equal(by_us(chained, 8), alone)
    assert not torch.allclose(by_us(chained, 0), alone)
    trained = TrainedSchedule({"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0})
    schedule = scheduler(trained, "Flow-match Euler", 3)
    _, (latent, trajectory, _) = finish(sample(zero_star_guidance(*joint.three()), schedule, Noise((3,), 64, 64)))
    assert torch.equal(trajectory.x[0], trajectory.x[1])
    assert latent.samples.isfinite().all()


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ("7", "this network has no block 7; name some of 0 to 1"),
        ("mid_block", "this network has no block mid_block; name some of 0 to 1"),
        ("", "layers names no block"),
    ],
)
def test_blocks_that_are_not_there_are_a_sentence(layers: str, sentence: str, joint: Asked) -> None:
    guider = no_guidance(joint.denoiser, joint.positive)
    with pytest.raises(NodeError, match=sentence):
        skip_layer_guidance(guider, layers)


def test_what_does_not_go_is_a_sentence(unet: Asked, joint: Asked) -> None:
    guider = no_guidance(unet.denoiser, unet.positive)
    with pytest.raises(NodeError, match=r"no block 7; name some of .*mid_block"):
        skip_layer_guidance(guider)
    with pytest.raises(NodeError, match="models of different kinds"):
        auto_guidance(guider, no_guidance(joint.denoiser, joint.positive))
    with pytest.raises(NodeError, match=r"ends at 0\.1, before it starts at 0.5"):
        skip_layer_guidance(guider, "mid_block", 1.0, 0.5, 0.1)
    with pytest.raises(NodeError, match="come from different text encoders"):
        tangential_guidance(unet.denoiser, unet.positive, joint.negative)
