"""Images that a network attends to beside the text, added while it computes and never written into it. No nodes."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

CROSS = ".attn2.processor"
"""The end of the names of the layers of a U-Net that attend to the text."""


class AttentionPlace(NamedTuple):
    """Where a layer's queries are seen, and where what an image adds joins: a layer whose input it is added to
    (``before``), or the block whose output. ``widths``: numbers of a query, and of a token that is attended to."""

    name: str
    query: str
    joins: str
    heads: int
    widths: tuple[int, int]
    before: bool


class ImagePrompt(NamedTuple):
    """Tokens (B, L, D) of images for a network's batch, and how strongly each layer attends to them; a mask
    (1 or B, 1, H, W) of where."""

    layers: Sequence[torch.nn.Module]
    tokens: Tensor
    strengths: Sequence[float]
    mask: Tensor | None


_PLACES: weakref.WeakKeyDictionary[torch.nn.Module, list[AttentionPlace]] = weakref.WeakKeyDictionary()


def places(module: torch.nn.Module) -> list[AttentionPlace]:
    """Where a network attends to images, in the order in which adapters count its layers; none where it is no U-Net
    and no transformer of FLUX.1. They are looked for once a network."""
    if module not in _PLACES:
        _PLACES[module] = _found(module)
    return _PLACES[module]


def _found(module: Any) -> list[AttentionPlace]:
    kind = type(module).__name__
    if kind == "UNet2DConditionModel":
        return [_of_unet(module, name.removesuffix(".processor")) for name in module.attn_processors if CROSS in name]
    if kind == "FluxTransformer2DModel":
        return [_of_flux(module, number) for number in range(len(module.transformer_blocks))]
    return []


def _of_unet(module: Any, name: str) -> AttentionPlace:
    layer = module.get_submodule(name)
    widths = layer.to_q.out_features, layer.to_k.in_features
    return AttentionPlace(name, f"{name}.to_q", f"{name}.to_out.0", layer.heads, widths, True)


def _of_flux(module: Any, number: int) -> AttentionPlace:
    block = f"transformer_blocks.{number}"
    heads = module.get_submodule(f"{block}.attn").heads
    widths = module.inner_dim, module.config.joint_attention_dim
    return AttentionPlace(f"{block}.attn", f"{block}.attn.norm_q", block, heads, widths, False)


@contextlib.contextmanager
def prompted(module: torch.nn.Module, prompts: Sequence[ImagePrompt]) -> Iterator[None]:
    """Within this the layers attend to images too (Ye et al. 2023, arXiv:2308.06721, eq. 5); after it the network is as
    it was. Several are summed.

    Enter it last, within what else changes a network's layers.
    """
    hooks: list[Any] = []
    try:
        for prompt in prompts:
            for place, layer, strength in zip(places(module), prompt.layers, prompt.strengths, strict=True):
                if strength:
                    hooks += _hooked(module, place, prompt, layer, strength)
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _hooked(
    module: torch.nn.Module, place: AttentionPlace, prompt: ImagePrompt, layer: torch.nn.Module, strength: float
) -> list[Any]:
    seen: list[Tensor] = []

    def see(_: object, given: object, query: Tensor) -> None:
        seen[:] = [query]

    def added() -> Tensor:
        query = seen.pop()
        return strength * attended(query, layer, prompt.tokens, place.heads, prompt.mask)

    def before(_: object, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return given[0] + added().to(given[0].dtype), *given[1:]

    def after(_: object, given: object, output: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return output[0], output[1] + added().to(output[1].dtype)  # the text's tokens first

    joins = module.get_submodule(place.joins)
    return [
        module.get_submodule(place.query).register_forward_hook(see),
        joins.register_forward_pre_hook(before) if place.before else joins.register_forward_hook(after),
    ]


def attended(query: Tensor, layer: torch.nn.Module, tokens: Tensor, heads: int, mask: Tensor | None) -> Tensor:
    """What places (B, n, D) attend to of an image's tokens (B, L, D'), as their layer reads them.

    Written out: what records and perturbs attention follows the library's call, which is that to the text.
    """
    query = query.flatten(2)
    keys, values = layer(tokens.to(query.dtype))
    q, k, v = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (query, keys, values))
    shares = ((q * q.shape[-1] ** -0.5) @ k.mT).float().softmax(-1)
    found: Tensor = (shares.to(v.dtype) @ v).transpose(1, 2).flatten(2)
    return found if mask is None else found * _at_places(mask, found)


def _at_places(mask: Tensor, found: Tensor) -> Tensor:
    """A mask (B, 1, H, W) for each place (B, n, D), as diffusers brings it there."""
    from diffusers.image_processor import IPAdapterMaskProcessor

    batch, count, width = found.shape
    rows = [IPAdapterMaskProcessor.downsample(one, 1, count, width) for one in mask]
    return torch.cat(rows).to(found).expand(batch, count, width)
