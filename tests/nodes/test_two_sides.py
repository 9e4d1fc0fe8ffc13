"""Samplers that go by what is foreseen without the text, at every scale of guidance."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from benchmarks.parity import ToyDenoiser, ended
from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Guider, Latent, Mask, Noise
from nodes.guidance.classifier_free import (
    by_rule,
    change_guidance,
    classifier_free_guidance,
    guidance_interval,
    no_guidance,
)
from nodes.guidance.predictions.rules import Linear
from nodes.samplers.inpainting import inpaint
from nodes.samplers.sampling_loop import sample
from nodes.samplers.solvers.catalogue import NAMES, SAMPLERS
from nodes.schedulers.sampler_schedules import k_sampler
from nodes.schedulers.solvers.composite import relay

TWO_SIDED = [name for name in NAMES if SAMPLERS[name].two_sided]
TEXT, NONE = (Conditioning(torch.full((1, 3, 4), said)) for said in (1.0, 0.6))


@dataclass(frozen=True, eq=False)
class Led(ToyDenoiser):
    """Foresees more of the toy's image the more the text says."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        assert conditioning.tokens is not None
        return 0.5 * torch.tanh(x) * conditioning.tokens.mean((1, 2))[:, None, None, None]


LED = Led("sample")
GUIDED = classifier_free_guidance(LED, TEXT, NONE, 3.0)


def end(guider: Guider, name: str) -> Tensor:
    return ended(sample(guider, k_sampler(None, name, "karras", 6), Noise((3,)))).latent.samples


def test_the_names_say_which_they_are() -> None:
    assert sorted(TWO_SIDED) == sorted(name for name in NAMES if "cfg_pp" in name)


@pytest.mark.parametrize("name", TWO_SIDED)
def test_at_scale_1_both_texts_are_asked_for(name: str) -> None:
    both = end(by_rule(LED, TEXT, NONE, Linear(1.0)), name)
    alone = classifier_free_guidance(LED, TEXT, NONE, 1.0)
    assert torch.equal(end(alone, name), both)
    schedule = k_sampler(None, name, "karras", 6)
    painted = inpaint(alone, schedule, Latent(torch.zeros(1, 4, 8, 8)), Mask(torch.ones(1, 1, 8, 8)))
    assert torch.allclose(end(painted, name), both, atol=1e-5)
    plain = end(alone, name.removesuffix("_cfg_pp"))
    assert torch.equal(plain, end(no_guidance(LED, TEXT), name.removesuffix("_cfg_pp")))
    assert not torch.allclose(plain, both, atol=1e-3)


@pytest.mark.parametrize(
    ("guider", "step"),
    [
        (no_guidance(LED, TEXT), 1),
        (classifier_free_guidance(LED, TEXT, None, 3.0), 1),
        (change_guidance(GUIDED, no_guidance(LED, TEXT), 3), 4),
        (guidance_interval(GUIDED, 0.5, 1.0), 1),
    ],
)
def test_without_a_second_text_it_is_said_before_a_step(guider: Guider, step: int) -> None:
    for name in TWO_SIDED:
        with pytest.raises(NodeError, match=f"at step {step} nothing says that; use classifier-free guidance"):
            next(sample(guider, k_sampler(None, name, "karras", 6), Noise((3,))))


def test_a_schedule_that_becomes_two_sided_asks_for_both() -> None:
    alone = classifier_free_guidance(LED, TEXT, NONE, 1.0)
    schedule = relay(k_sampler(None, "euler", "karras", 6), k_sampler(None, "euler_cfg_pp", "karras", 6), 3)
    both = by_rule(LED, TEXT, NONE, Linear(1.0))
    found, wanted = (ended(sample(one, schedule, Noise((3,)))).latent.samples for one in (alone, both))
    assert torch.equal(found, wanted)
