"""Language models that see: a text, and images that it is about, as a denoiser's conditioning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Adapter, Conditioning, Image
from nodes.loaders.text_encoders.language_model import ChatText
from nodes.loaders.text_encoders.rows import together
from nodes.loaders.text_encoders.tokenizing import each, tell_lost
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted

PLACE = "<|image_pad|>"
"""The token of Qwen's that stands for a part of an image."""
SHOWN = f"<|vision_start|>{PLACE}<|vision_end|>"


@dataclass(frozen=True, eq=False)
class SeeingText:
    """A language model of Qwen's that reads a request; hidden states of some ``layers`` are its tokens, side by side.

    ``before`` and ``after`` stand around a text; ``shown`` makes the words that so many images stand in, before it. Of
    the tokens the first ``dropped`` are left out, and of a text those beyond ``most`` (0: none). ``normed``: whether
    the last layer's states have gone through the norm behind it. ``eyes``: settings of transformers'
    Qwen2VLImageProcessor. ``blank`` stands for an empty text.
    """

    tokenizer: Any
    module: torch.nn.Module
    before: str
    after: str
    layers: tuple[int, ...] = (-1,)
    dropped: int = 0
    most: int = 0
    normed: bool = True
    shown: Callable[[int], str] | None = None
    eyes: Mapping[str, Any] = field(default_factory=dict)
    blank: str = ""
    adapters: tuple[Adapter, ...] = ()

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """Tokens of each text, filled up to those of the longest, and which of them are more than filling."""
        return together([self._encoded(text, (), number) for number, text in enumerate(texts)])

    def encode_seeing(self, text: str, images: Sequence[Image]) -> Conditioning:
        """A text about images, each (1, 3, H, W). Raises NodeError for a model without sight."""
        if not images:
            return self.encode([text])
        if self.shown is None or getattr(self.module, "visual", None) is None:
            raise NodeError("this text encoder sees no images; take one that was loaded with its sight")
        tokens, words = self._encoded(text, images, 0)
        slots = torch.tensor([[word == PLACE for word in words]], device=tokens.device)
        return Conditioning(tokens, words=words, mask=torch.ones_like(slots), slots=slots)

    def _encoded(self, text: str, images: Sequence[Image], number: int) -> tuple[Tensor, tuple[str, ...]]:
        """Hidden states (1, L, layers D) and the words that they are of."""
        device = device_of(self.module)
        given = patches(images, self.eyes) if images else {}
        introduced = self.shown(len(images)) if images and self.shown else ""
        numbers = self._numbers(
            self.before + introduced, text.replace(PLACE, "") or self.blank, given.get("image_grid_thw"), number
        )
        ids = torch.tensor([numbers], device=device)
        module: Any = self.module
        options = {name: value.to(device) for name, value in given.items()}
        if images:
            module.config.image_token_id = self._place
            options["mm_token_type_ids"] = (ids == self._place).long()
        norm = getattr(module, "language_model", module).norm
        hook = None if self.normed else norm.register_forward_hook(lambda _, inputs, output: inputs[0])
        try:
            with torch.no_grad(), adapted(module, self.adapters):
                said = module(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True, **options)
        finally:
            if hook is not None:
                hook.remove()
        states = torch.cat([said.hidden_states[layer] for layer in self.layers], -1)[:, self.dropped :]
        return states, tuple(self.tokenizer.decode([token]) for token in numbers[self.dropped :])

    def _numbers(self, before: str, text: str, grids: Tensor | None, number: int) -> list[int]:
        """Tokens, with one for each part that the sight makes of an image."""
        first = self._tokens(before + text)
        if self.most and len(first) > self.most + self.dropped:
            kept = first[: self.most + self.dropped]
            lost = self.tokenizer.decode(first[len(kept) :])
            tell_lost("Qwen", self.most, len(first) - self.dropped, lost, number)
            first = kept
        numbers = first + self._tokens(self.after)
        if grids is None:
            return numbers
        counts = (grids.prod(-1) // self._merged**2).tolist()
        return [one for token in numbers for one in ([token] * counts.pop(0) if token == self._place else [token])]

    def _tokens(self, text: str) -> list[int]:
        found: list[int] = self.tokenizer(text, verbose=False, add_special_tokens=False).input_ids
        return found

    @property
    def _place(self) -> int:
        return int(self.tokenizer.convert_tokens_to_ids(PLACE))

    @property
    def _merged(self) -> int:
        return int(self.eyes.get("merge_size", 2))


@dataclass(frozen=True, eq=False)
class EditingText:
    """A text encoder that reads a text alone in one way, and with images before its eyes in another."""

    plain: ChatText | SeeingText
    seeing: SeeingText

    def encode(self, texts: list[str]) -> Conditioning:
        return self.plain.encode(texts)

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return self.plain.encode_each(texts)

    def encode_seeing(self, text: str, images: Sequence[Image]) -> Conditioning:
        """A text about images, each (1, 3, H, W)."""
        return self.seeing.encode_seeing(text, images) if images else self.plain.encode([text])


def patches(images: Sequence[Image], eyes: Mapping[str, Any]) -> dict[str, Tensor]:
    """Images, each (1, 3, H, W), as the patches that Qwen's sight takes, by the names that it has for them."""
    from transformers import Qwen2VLImageProcessor

    pixels = [(image.pixels[0].cpu().clamp(0, 1) * 255).round().to(torch.uint8) for image in images]
    found = Qwen2VLImageProcessor(**eyes)(images=pixels, return_tensors="pt")
    return {name: found[name] for name in ("pixel_values", "image_grid_thw")}
