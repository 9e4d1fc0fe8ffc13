"""Tests of recorded attention: it is what the network computes with, for each kind of attention processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import diffusers
import pytest
import torch
from diffusers.models.attention_processor import AttnProcessor, SlicedAttnProcessor
from torch import Tensor
from torch.overrides import TorchFunctionMode

from nodeflow.engine.inspect import attention_views as attention_forms
from nodeflow.wires import Attention, Conditioning, DiffusionNetwork, Guided, LatentFormat
from nodes.denoisers.denoisers import dit_denoiser, unet_denoiser
from nodes.denoisers.uvit_denoiser import uvit_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.guidance.predictions.asking import Unguided
from nodes.networks import attention_recorder
from nodes.networks.attention_recorder import Recorder
from nodes.networks.uvit_network import UViT
from nodes.samplers.loop.per_sample import BatchSplitter, joined

TIME = torch.tensor(500)
CALLED = "scaled_dot_product_attention"


class Probabilities(TorchFunctionMode):
    """Keeps softmax(Q K^T / sqrt(d)) of every attention, found by giving it the unit matrix as values."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Tensor] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function.__name__ == CALLED:
            query, key, _, *rest = args
            unit = torch.eye(key.shape[2]).expand(*key.shape[:2], -1, -1)
            self.found.append(function(query, key, unit, *rest, **(kwargs or {})).mean(1))
        return function(*args, **(kwargs or {}))


@dataclass(frozen=True, eq=False)
class JointDenoiser:
    """A joint transformer of diffusers, asked as Stable Diffusion 3 is."""

    network: DiffusionNetwork

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        assert conditioning.tokens is not None
        tokens = conditioning.tokens.expand(len(x), -1, -1)
        pooled = torch.ones(len(x), 16)
        return self.network.module(x, tokens, pooled, timestep.expand(len(x)), return_dict=False)[0]


def network(kind: type, **config: Any) -> DiffusionNetwork:
    torch.manual_seed(0)
    module = kind(**config).eval().requires_grad_(False)
    for parameter in module.parameters():
        parameter.normal_(std=0.15)
    return DiffusionNetwork(module, LatentFormat(4, 8, 16), "v")


@pytest.fixture(scope="module")
def joint() -> JointDenoiser:
    return JointDenoiser(
        network(
            diffusers.SD3Transformer2DModel,
            sample_size=16, patch_size=2, in_channels=4, num_layers=3, attention_head_dim=8, num_attention_heads=3,
            joint_attention_dim=12, caption_projection_dim=24, pooled_projection_dim=16, out_channels=4,
            pos_embed_max_size=16, dual_attention_layers=(1,), qk_norm="rms_norm",
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def unet() -> DiffusionNetwork:
    return network(
        diffusers.UNet2DConditionModel,
        sample_size=16, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(8, 16),
        cross_attention_dim=12, attention_head_dim=2, norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )  # fmt: skip


def recorded(guider: Any, x: Tensor) -> Attention:
    with torch.no_grad(), Recorder(guider.denoiser, 4).step(x, guider) as found:
        guider.predict(x, TIME, 0, 1)
    return found[0]


def true(guider: Any, x: Tensor) -> list[Tensor]:
    with torch.no_grad(), Probabilities() as watch:
        guider.predict(x, TIME, 0, 1)
    return watch.found


def text(length: int = 5, seed: int = 1) -> Conditioning:
    tokens = torch.randn(1, length, 12, generator=torch.Generator().manual_seed(seed))
    return Conditioning(tokens, words=tuple(f"word {at}" for at in range(length)))


def test_joint_attention_is_told_in_its_two_parts(joint: JointDenoiser) -> None:
    x = torch.randn(2, 4, 16, 8)
    guider = Unguided(joint, text())  # type: ignore[arg-type]
    found, calls = recorded(guider, x), true(guider, x)
    assert len(calls) == 4  # three blocks, one of them with a self-attention beside
    assert list(found.maps) == [f"transformer_blocks.{at}.attn" for at in range(3)]
    assert list(found.places) == [*list(found.maps)[:2], "transformer_blocks.1.attn2", list(found.maps)[2]]
    both = [whole for whole in calls if whole.shape[-1] == 32 + 5]
    for whole, (name, maps) in zip(both, found.maps.items(), strict=True):
        places = found.places[name].flatten(3).flatten(1, 2)
        assert maps.shape == (2, 8, 4, 5)
        assert torch.allclose(maps.float().flatten(1, 2), whole[:, :32, 32:], atol=1e-3)
        assert torch.allclose(places.float(), whole[:, :32, :32], atol=1e-3)
        assert torch.allclose(maps.float().flatten(1, 2).sum(-1) + places.float().sum(-1), torch.ones(2, 32), atol=4e-3)
    alone = next(whole for whole in calls if whole.shape[-1] == 32)
    assert torch.allclose(found.places["transformer_blocks.1.attn2"].flatten(3).flatten(1, 2).float(), alone, atol=1e-3)


def test_cross_and_self_attention_of_a_guided_unet_are_those_of_the_conditional_half(unet: DiffusionNetwork) -> None:
    x = torch.randn(2, 4, 16, 16)
    guider = classifier_free_guidance(unet_denoiser(unet), text(), text(seed=2), 3.0)
    found, calls = recorded(guider, x), [whole[2:] for whole in true(guider, x)]
    words = [whole for whole in calls if whole.shape[-1] == 5]
    assert len(words) == len(found.maps) == len(found.places) == 4
    for whole, maps in zip(words, found.maps.values(), strict=True):
        assert torch.allclose(maps.float().flatten(1, 2), whole, atol=1e-3)
    selves = [whole for whole in calls if whole.shape[-1] != 5]
    for whole, places in zip(selves, found.places.values(), strict=True):
        assert torch.allclose(places.float().flatten(3).flatten(1, 2), whole, atol=1e-3)


def test_a_class_led_transformer_tells_where_places_look() -> None:
    transformer = network(
        diffusers.DiTTransformer2DModel,
        sample_size=16, in_channels=4, out_channels=4, num_layers=2, attention_head_dim=8, num_attention_heads=2,
        num_embeds_ada_norm=10,
    )  # fmt: skip
    guider = no_guidance(dit_denoiser(transformer), Conditioning(labels=torch.tensor([3])))
    x = torch.randn(1, 4, 16, 16)
    found, calls = recorded(guider, x), true(guider, x)
    assert (found.words, found.maps) == ((), {})
    for whole, places in zip(calls, found.places.values(), strict=True):
        assert torch.allclose(places.float().flatten(3).flatten(1, 2), whole, atol=1e-3)


def test_a_row_of_time_words_and_patches_is_told_in_its_parts() -> None:
    row = network(UViT, sample_size=16, embed_dim=32, depth=3, num_heads=2, text_dim=12, text_tokens=5)
    guider = no_guidance(uvit_denoiser(row), text(7))
    x = torch.randn(2, 4, 16, 16)
    found, calls = recorded(guider, x), true(guider, x)
    assert list(found.maps) == list(found.places) == ["in_blocks.0.attn", "mid_block.attn", "out_blocks.0.attn"]
    for whole, name in zip(calls, found.maps, strict=True):
        words, places = found.maps[name].flatten(1, 2).float(), found.places[name].flatten(3).flatten(1, 2).float()
        assert torch.allclose(words, whole[:, 6:, 1:6], atol=1e-3)
        assert torch.allclose(places, whole[:, 6:, 6:], atol=1e-3)
    assert attention_forms.words_of(found) == ("0 word 0", "1 word 1", "2 word 2", "3 word 3", "4 word 4")


def test_a_coarser_map_has_some_cells_true_and_what_they_look_at_summed(
    unet: DiffusionNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    guider = no_guidance(unet_denoiser(unet), text())
    x = torch.randn(1, 4, 16, 16)
    calls = true(guider, x)
    monkeypatch.setattr(attention_recorder, "MAX_PLACES", 8)
    monkeypatch.setattr(attention_recorder, "MAX_SIDE", 4)
    found = recorded(guider, x)
    whole = next(call for call in calls if call.shape[-1] == 256)[0].unflatten(1, (16, 16)).unflatten(0, (16, 16))
    coarse = next(iter(found.places.values()))[0].float()
    assert coarse.shape == (8, 8, 8, 8)
    cell = whole[2 * 3 + 1, 2 * 5 + 1].unflatten(0, (8, 2)).unflatten(2, (8, 2)).sum((1, 3))
    assert torch.allclose(coarse[3, 5], cell, atol=1e-3)
    words = next(call for call in calls if call.shape[-1] == 5)[0].unflatten(0, (16, 16))
    assert torch.allclose(next(iter(found.maps.values()))[0, 1, 3].float(), words[4 * 1 + 2, 4 * 3 + 2], atol=1e-3)


@pytest.mark.parametrize("processor", [AttnProcessor(), SlicedAttnProcessor(1)])
def test_kinds_that_multiply_by_themselves_tell_the_same(unet: DiffusionNetwork, processor: Any) -> None:
    x = torch.randn(1, 4, 16, 16)
    guider = no_guidance(unet_denoiser(unet), text())
    before, kept = recorded(guider, x), unet.module.attn_processors
    unet.module.set_attn_processor(processor)
    try:
        after = recorded(guider, x)
    finally:
        unet.module.set_attn_processor(kept)
    for one, other in ((before.maps, after.maps), (before.places, after.places)):
        assert list(one) == list(other)
        assert all(torch.allclose(one[name].float(), other[name].float(), atol=1e-3) for name in one)


def test_a_batch_that_is_asked_picture_by_picture_is_recorded_as_asked_at_once(unet: DiffusionNetwork) -> None:
    x = torch.randn(3, 4, 16, 16)
    guider = classifier_free_guidance(unet_denoiser(unet), text(), text(seed=2), 3.0)
    whole = recorded(guider, x)
    guided = Guided(torch.zeros(1), torch.zeros(1))
    _, (single,) = joined([(guided, [recorded(own, part)]) for part, own in BatchSplitter(3).of(x, guider)])
    for one, other in ((whole.maps, single.maps), (whole.places, single.places)):
        assert list(one) == list(other)
        for name, maps in one.items():
            assert len(maps) == 3
            assert torch.allclose(maps.float(), other[name].float(), atol=2e-3)
