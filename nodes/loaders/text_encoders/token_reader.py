"""CLIP text encoders asked token by token: rows of any tokens, any hidden layer, vectors in the place of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.prompt_text import as_clip_reads
from nodeflow.wires import Adapter, TextEncoder
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted

TRIMMED = 23
"""Layers of Stable Diffusion 2's OpenCLIP where the last of its 24, which it makes no use of, is left out."""


@dataclass(frozen=True, eq=False)
class TokenReader:
    """A CLIP text encoder of transformers and how its model uses it.

    ``layer`` is the hidden layer that the model was trained with, counted from the end from 1. ``normed``: the final
    norm is applied to it, whichever it is. ``part`` is the encoder's name in embeddings for several, ``clip_l`` or
    ``clip_g``.
    """

    tokenizer: Any
    module: torch.nn.Module
    length: int
    adapters: tuple[Adapter, ...]
    layer: int
    normed: bool
    part: str

    @property
    def width(self) -> int:
        return int(self._config.hidden_size)

    @property
    def missing(self) -> int:
        """Layers at the end that the trained network had and this one has not."""
        return int(self._config.num_hidden_layers == TRIMMED)

    @property
    def _config(self) -> Any:
        return self.module.config

    def numbers(self, text: str) -> list[int]:
        """The numbers of a text's tokens, without start and end."""
        found = self.tokenizer(as_clip_reads(text), add_special_tokens=False, verbose=False).input_ids
        return [int(number) for number in found]

    def word(self, number: int) -> str:
        return str(self.tokenizer.decode([number]))

    def ends_word(self, number: int) -> bool:
        """Return whether a word ends with a token."""
        return str(self.tokenizer.convert_ids_to_tokens(number)).endswith("</w>")

    def layer_of(self, skip: int) -> int:
        """The hidden layer, counted from the end of this network from 1, that is meant by one of the trained network's.

        0 is the model's own. Raises NodeError for a layer that there is not.
        """
        layer = self.layer if skip == 0 else skip - self.missing
        count = int(self._config.num_hidden_layers)
        if not 1 <= layer <= count:
            raise NodeError(
                f"clip_skip is {skip}, and this text encoder has the layers {1 + self.missing} to "
                f"{count + self.missing} from the end; choose one of them, or 0 for the model's own"
            )
        return layer

    def read(
        self,
        rows: Tensor,
        vectors: dict[tuple[int, int], Tensor],
        skip: int = 0,
        hidden: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Hidden states (B, L, D) of rows (B, L) of token numbers, and the rows as a whole (B, P).

        ``vectors`` (D,) stand in the places (row, column) of tokens. ``skip`` is the hidden layer from the end, 0 for
        the model's own. ``hidden`` (B, L) are tokens that no token looks at. Raises NodeError for a layer that there
        is not.
        """
        layer = self.layer_of(skip)
        device = device_of(self.module)
        mask = self._mask(rows).to(device) if getattr(self._config, "use_attention_mask", False) else None
        if hidden is not None:
            seen = (~hidden).long().to(device)
            mask = seen if mask is None else mask * seen
        with torch.no_grad(), adapted(self.module, self.adapters), _standing_in(self.module, vectors):
            said = self.module(rows.to(device), attention_mask=mask, output_hidden_states=True)
            whole = said.text_embeds if hasattr(said, "text_embeds") else said.pooler_output
            if not self.normed:
                return said.hidden_states[-layer], whole
            if layer == 1:
                return said.last_hidden_state, whole
            return _named(self.module, "final_layer_norm")(said.hidden_states[-layer]), whole

    def _mask(self, rows: Tensor) -> Tensor:
        """(B, L), 1 up to the first end of each row."""
        ended = (rows == self.tokenizer.eos_token_id).long().cumsum(1)
        return ((ended == 0) | ((ended == 1) & (rows == self.tokenizer.eos_token_id))).long()


@runtime_checkable
class ReadsTokens(Protocol):
    """A text encoder made of CLIP encoders alone, which can be asked token by token."""

    def token_readers(self) -> tuple[TokenReader, ...]:
        """Its encoders, in the order of their states; the last gives the text as a whole."""
        ...


@runtime_checkable
class SkipsLayers(Protocol):
    """A text encoder that can be read at any of its hidden layers."""

    def skipping(self, skip: int) -> TextEncoder:
        """The same, read at a hidden layer counted from the last, 1; 0 is the model's own."""
        ...


def reader_for(
    tokenizer: Any, module: torch.nn.Module, length: int, adapters: tuple[Adapter, ...], layer: int, normed: bool
) -> TokenReader:
    """A reader of a CLIP encoder, which is the second of its model where it projects the text as a whole."""
    part = "clip_g" if "WithProjection" in type(module).__name__ else "clip_l"
    return TokenReader(tokenizer, module, length, adapters, layer, normed, part)


def _named(module: torch.nn.Module, name: str) -> torch.nn.Module:
    return next(part for found, part in module.named_modules() if found.rpartition(".")[2] == name)


@contextmanager
def _standing_in(module: torch.nn.Module, vectors: dict[tuple[int, int], Tensor]) -> Iterator[None]:
    """Within this, vectors are what the network looks up at their places."""
    if not vectors:
        yield
        return

    def replaced(_: Any, __: Sequence[Any], looked_up: Tensor) -> Tensor:
        looked_up = looked_up.clone()
        for (row, column), vector in vectors.items():
            looked_up[row, column] = vector.to(looked_up)
        return looked_up

    hook = _named(module, "token_embedding").register_forward_hook(replaced)
    try:
        yield
    finally:
        hook.remove()
