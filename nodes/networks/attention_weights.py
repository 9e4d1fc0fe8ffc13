"""What the attention of a text encoder of transformers weighs, recorded while it reads. No nodes here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass
class EncoderReading:
    """What an encoder read: ``numbers`` (B, L) of tokens, and ``weights`` (B, heads, L, L) of each layer, in order."""

    numbers: Tensor | None = None
    weights: list[Tensor] = field(default_factory=list)


def readers_in(value: Any) -> list[Any]:
    """All that a value holds which has both a ``tokenizer`` and a ``module`` of transformers, in order."""
    from transformers import PreTrainedModel

    if isinstance(getattr(value, "module", None), PreTrainedModel) and hasattr(value, "tokenizer"):
        return [value]
    if is_dataclass(value):
        return [found for one in fields(value) for found in readers_in(getattr(value, one.name))]
    return [found for one in value for found in readers_in(one)] if isinstance(value, list | tuple) else []


@contextmanager
def recorded_reading(module: Any) -> Iterator[EncoderReading]:
    """Within this, what the first call of the network reads and weighs is kept; it computes by plain products."""
    reading, before = EncoderReading(), module.config._attn_implementation

    def read(_: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        if reading.numbers is None:
            reading.numbers = (named["input_ids"] if "input_ids" in named else given[0]).detach().cpu()

    def weighed(layer: Any, _: Any, told: Any) -> None:
        maps = [part for part in told if isinstance(part, Tensor) and part.ndim == 4] if isinstance(told, tuple) else []
        if maps and layer not in seen:
            seen.add(layer)
            reading.weights.append(maps[-1].detach().float().cpu())

    seen: set[Any] = set()
    with ExitStack() as hooks:
        hooks.callback(module.register_forward_pre_hook(read, with_kwargs=True).remove)
        for layer in filter(_weighs, module.modules()):
            hooks.callback(layer.register_forward_hook(weighed).remove)
        module.set_attn_implementation("eager")
        try:
            yield reading
        finally:
            module.set_attn_implementation(before)


def _weighs(layer: Any) -> bool:
    """Whether a module is attention itself, and no part around it that hands on its weights, as T5 has."""
    named = (type(part).__name__ for part in layer.children())
    return type(layer).__name__.endswith("Attention") and not any(name.endswith("Attention") for name in named)


def unfilled(numbers: Tensor, tokenizer: Any) -> slice:
    """The places (of L) of a text's own tokens, its end too where that is what fills texts up."""
    filling = tokenizer.pad_token_id
    own = [place for place, number in enumerate(numbers.tolist()) if number != filling] or [0]
    return slice(own[0], own[-1] + 1 + (filling == tokenizer.eos_token_id))


def mean_weights(weights: list[Tensor], layer: int) -> Tensor:
    """(heads, L, L) of the first row, of a layer counted from 1, or the mean of all where it is 0."""
    return torch.stack([one[0] for one in weights]).mean(0) if layer == 0 else weights[layer - 1][0]
