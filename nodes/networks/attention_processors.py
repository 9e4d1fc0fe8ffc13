"""Attention of diffusers' layers: by kind of processor, where text and image stand among queries and keys.

No nodes here. A kind is all that recording has to know of a network, so that networks of any make are recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle


class AttentionInputs(NamedTuple):
    """Hold what one softmax attention is computed from: queries (B, H, n, d), keys (B, H, m, d), a mask of some of
    them."""

    query: Tensor
    key: Tensor
    mask: Tensor | None = None
    scale: float | None = None


Tell = Callable[[int, AttentionInputs], None]
"""Takes how many of a layer's tokens are text, and what its attention is computed from."""


class AttentionParts(NamedTuple):
    """Hold where the image's queries and keys stand, and the text's keys; None where there are none."""

    queries: slice
    picture: slice | None
    text: slice | None


def apart(text: int, queries: int, keys: int) -> AttentionParts:
    """Cross-attention and self-attention in layers of their own (Vaswani et al. 2017)."""
    whole = slice(0, keys)
    return AttentionParts(slice(0, queries), None if text else whole, whole if text else None)


def picture_first(text: int, queries: int, keys: int) -> AttentionParts:
    """One softmax over both, the image's tokens before those of the text."""
    picture = slice(0, keys - text)
    return AttentionParts(
        slice(0, queries) if queries < keys else picture, picture, slice(keys - text, keys) if text else None
    )


def text_first(text: int, queries: int, keys: int) -> AttentionParts:
    """One softmax over both, the text's tokens before those of the image; queries may be the image's alone."""
    picture = slice(text, keys) if keys > text else None
    own = slice(0, queries) if queries < keys or picture is None else picture
    return AttentionParts(own, picture, slice(0, text) if text else None)


def text_first_behind(text: int, queries: int, keys: int) -> AttentionParts:
    """The same, where keys of other images come before all."""
    other = keys - queries
    return AttentionParts(slice(text, queries), slice(other + text, keys), slice(other, other + text) if text else None)


KINDS: Mapping[str, Callable[[int, int, int], AttentionParts]] = {
    "AttnProcessor": apart,
    "AttnProcessor2_0": apart,
    "SlicedAttnProcessor": apart,
    "FusedAttnProcessor2_0": apart,
    "AttnAddedKVProcessor2_0": text_first,
    "JointAttnProcessor2_0": picture_first,
    "FluxAttnProcessor": text_first,
    "QwenDoubleStreamAttnProcessor2_0": text_first,
    "CosmosAttnProcessor2_0": apart,
    "SanaAttnProcessor2_0": apart,
    "Kandinsky5AttnProcessor": apart,
    "Flux2AttnProcessor": text_first,
    "OvisImageAttnProcessor": text_first,
    "LongCatImageAttnProcessor": text_first,
    "HunyuanImageAttnProcessor": picture_first,
    "BriaAttnProcessor": text_first,
    "BriaFiboAttnProcessor": text_first,
    "CogView4AttnProcessor": text_first,
    "PRXAttnProcessor2_0": text_first,
    "AuraFlowAttnProcessor2_0": text_first,
    "GlmImageAttnProcessor": text_first_behind,
}
"""Attention processors of diffusers by class: U-Nets, DiT, PixArt; DeepFloyd IF; SD 3; FLUX.1; Qwen-Image; Anima; Sana;
Kandinsky 5; FLUX.2; Ovis-Image; LongCat-Image; HunyuanImage; Bria; Fibo; CogView 4; PRX; AuraFlow; GLM-Image."""
MAX_AT_ONCE = 2**24
"""Bytes of scores that are computed together: those of all heads of a large image would take gigabytes."""
PROJECTED = ("AttnProcessor", "SlicedAttnProcessor")
"""Kinds that multiply matrices by themselves; their queries and keys are projected once more."""


def kind_of(layer: torch.nn.Module) -> Callable[[int, int, int], AttentionParts] | None:
    """Return how a layer attends; None for what is no attention, or of a kind that is not known.

    A layer of a network of ours says so itself, by a method ``attends``.
    """
    known = getattr(layer, "attends", None) or KINDS.get(type(getattr(layer, "processor", None)).__name__)
    return known or (apart if _is_apart(layer) else None)


def _is_apart(layer: torch.nn.Module) -> bool:
    """Return whether a layer of diffusers has one softmax over one thing: it projects no second one beside that."""
    return type(layer).__name__ == "Attention" and getattr(layer, "add_k_proj", None) is None


def watched(layer: torch.nn.Module, tell: Tell) -> tuple[list[RemovableHandle], Callable[[], None]]:
    """Tells of each attention that a layer computes, until the hooks are removed; the function ends an open look."""
    looks: list[AttentionWatch] = []

    def begin(_: object, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        text = named.get("encoder_hidden_states", given[1] if len(given) > 1 else None)
        count = 0 if text is None else text.shape[1]
        if type(getattr(layer, "processor", None)).__name__ in PROJECTED:
            tell(count, projected(layer, given[0] if given else named["hidden_states"], text))
        else:
            looks.append(AttentionWatch(count, tell))
            looks[-1].__enter__()

    def end(*_: object) -> None:
        if looks:
            looks.pop().__exit__(None, None, None)

    before = layer.register_forward_pre_hook(begin, with_kwargs=True)
    return [before, layer.register_forward_hook(end, always_call=True)], end


class AttentionWatch(TorchFunctionMode):
    """Within it, tells of what each softmax attention is computed from; all is computed as without it."""

    def __init__(self, text: int, tell: Tell) -> None:
        super().__init__()
        self.text, self.tell = text, tell

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        if function is scaled_dot_product_attention:
            given = {**dict(zip(("query", "key", "value", "attn_mask"), args, strict=False)), **named}
            self.tell(
                self.text, AttentionInputs(given["query"], given["key"], given.get("attn_mask"), given.get("scale"))
            )
        return function(*args, **named)


def projected(layer: Any, hidden: Tensor, text: Tensor | None) -> AttentionInputs:
    """The queries and keys of a layer, from what it is given: ``hidden`` (B, n, D), ``text`` (B, m, D')."""
    if text is not None and layer.norm_cross:
        text = layer.norm_encoder_hidden_states(text)
    given = layer.to_q(hidden), layer.to_k(hidden if text is None else text)
    q, k = (part.unflatten(-1, (layer.heads, -1)).transpose(1, 2) for part in given)
    return AttentionInputs(
        layer.norm_q(q) if layer.norm_q is not None else q,
        layer.norm_k(k) if layer.norm_k is not None else k,
        scale=layer.scale,
    )


def shares(seen: AttentionInputs) -> Tensor:
    """softmax(Q K^T / sqrt(d)) (Vaswani et al. 2017, eq. 1), the mean over heads, (B, n, m)."""
    query, key, mask, scale = seen
    batch, heads, rows, width = query.shape
    query = query.float() * (width**-0.5 if scale is None else scale)
    at_once = max(MAX_AT_ONCE // (batch * rows * key.shape[2] * 4), 1)
    found = []
    for first in range(0, heads, at_once):
        some = slice(first, first + at_once)
        scores = query[:, some] @ key[:, some].float().transpose(-1, -2)
        if mask is not None:
            own = mask[:, some] if mask.shape[1] > 1 else mask
            scores = scores.masked_fill(~own, -torch.inf) if own.dtype == torch.bool else scores + own
        found.append(scores.softmax(-1).mean(1) * (scores.shape[1] / heads))
    return torch.stack(found).sum(0) if len(found) > 1 else found[0]
