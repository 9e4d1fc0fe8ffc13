"""Tests of merged models: their weights, LoRAs on them, and parts with a share of their own."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Adapter, DiffusionNetwork, LatentFormat, LayerChange
from nodes.adapters.merging import merge_models, merge_text_encoders
from nodes.conditioning.text_encode import clip_text_encode
from nodes.loaders.adapters.algebra.full import WeightDifference
from nodes.loaders.load_models import LatentDiffusion
from nodes.networks.low_rank import adapted
from tests.nodes.conftest import tiny_unet

LAYER = "down_blocks.0.resnets.0.conv1"


def network(seed: int) -> DiffusionNetwork:
    torch.manual_seed(seed)
    return DiffusionNetwork(tiny_unet(), LatentFormat(4, 8, 8), "epsilon")


def weights(one: DiffusionNetwork) -> dict[str, torch.Tensor]:
    return dict(one.module.state_dict())


@pytest.fixture(scope="module")
def three() -> list[DiffusionNetwork]:
    return [network(seed) for seed in range(3)]


def test_each_weight_is_a_mean_of_two(three: list[DiffusionNetwork]) -> None:
    first, second, base = three
    before = {name: value.clone() for name, value in weights(first).items()}
    for share in (0.0, 0.3, 1.0):
        found = weights(merge_models(first, second, share=share))
        for name, value in before.items():
            wanted = value * (1 - share) + weights(second)[name] * share
            assert torch.equal(found[name], wanted) if share in (0, 1) else torch.allclose(found[name], wanted)
    added = weights(merge_models(first, second, base, 0.5))
    wanted = before[f"{LAYER}.weight"] + 0.5 * (weights(second)[f"{LAYER}.weight"] - weights(base)[f"{LAYER}.weight"])
    assert torch.allclose(added[f"{LAYER}.weight"], wanted, atol=1e-6)
    assert all(torch.equal(value, before[name]) for name, value in weights(first).items())


def test_parts_have_shares_of_their_own(three: list[DiffusionNetwork]) -> None:
    first, second, _ = three
    found = weights(merge_models(first, second, share=1.0, blocks="input_blocks: 0, MID: 0.5"))
    ours, theirs = weights(first), weights(second)
    for name, value in found.items():
        share = 0 if name.startswith(("down_blocks", "conv_in")) else 0.5 if name.startswith("mid_block") else 1
        assert torch.allclose(value, ours[name].lerp(theirs[name], share), atol=1e-6), name


def test_adapters_are_mixed_as_the_weights_are(three: list[DiffusionNetwork]) -> None:
    first, second, _ = three
    changes = [torch.randn_like(weights(one)[f"{LAYER}.weight"]) for one in (first, second)]
    led = [
        replace(one, adapters=(Adapter({LAYER: LayerChange((WeightDifference(d),))}, 0.8),))
        for one, d in zip((first, second), changes, strict=True)
    ]
    found = merge_models(*led, share=0.25)
    x = torch.randn(1, first.module.get_submodule(LAYER).in_channels, 8, 8)  # type: ignore[arg-type]
    with adapted(found.module, found.adapters), torch.no_grad():
        given = found.module.get_submodule(LAYER)(x)
    parts = [weights(one)[f"{LAYER}.weight"] + 0.8 * d for one, d in zip((first, second), changes, strict=True)]
    biases = [weights(one)[f"{LAYER}.bias"] for one in (first, second)]
    wanted = torch.conv2d(x, parts[0].lerp(parts[1], 0.25), biases[0].lerp(biases[1], 0.25), padding=1)
    assert torch.allclose(given, wanted, atol=1e-4)


def test_text_encoders_are_merged_too(tiny: LatentDiffusion) -> None:
    first: Any = tiny.text_encoder
    modules = [copy.deepcopy(first.module) for _ in range(2)]
    with torch.no_grad():
        for own, mean in zip(*(one.parameters() for one in modules), strict=True):
            own += 0.05 * torch.randn_like(own)
            mean.lerp_(own, 0.4)
    second, wanted = (replace(first, module=one) for one in modules)
    found, plain, means = (
        clip_text_encode(one, "a star").tokens for one in (merge_text_encoders(first, second, 0.4), first, wanted)
    )
    assert found is not None and plain is not None and means is not None
    assert torch.allclose(found, means, atol=1e-5) and not torch.allclose(found, plain, atol=1e-2)


def test_models_of_different_shapes_are_refused(three: list[DiffusionNetwork]) -> None:
    other = DiffusionNetwork(torch.nn.Linear(2, 2), LatentFormat(4, 8, 8), "epsilon")
    with pytest.raises(NodeError, match="of different architectures; merge two that come from the same one"):
        merge_models(three[0], other)
    with pytest.raises(NodeError, match="blocks: this network has no nowhere"):
        merge_models(three[0], three[1], blocks="nowhere: 1")
