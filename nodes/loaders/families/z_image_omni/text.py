"""How Z-Image-Omni reads a text about images: in pieces, with an image between each two, which SigLIP 2 sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Image
from nodes.loaders.models.family import Encoding
from nodes.loaders.text_encoders.language_model import TOKENS, ChatText
from nodes.loaders.text_encoders.tokenizing import tell_cut
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.low_rank import adapted

BEGIN, END = "<|vision_start|>", "<|vision_end|>"
"""Between which an image stands."""


def pieces(text: str, images: int) -> list[str]:
    """What stands before, between and behind so many images; behind the last of them the one that is painted begins."""
    asked = f"{END}{text}<|im_end|>\n<|im_start|>assistant\n{BEGIN}"
    return [f"<|im_start|>user\n{BEGIN}", *[f"{END}{BEGIN}"] * (images - 1), asked, f"{END}<|im_end|>"]


@dataclass(frozen=True, eq=False)
class OmniText:
    """Tokens of a text by ``plain``, and of images what the network of ``sight`` sees in patches."""

    plain: ChatText
    sight: Encoding | None

    def encode(self, texts: list[str]) -> Conditioning:
        return self.plain.encode(texts)

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return self.plain.encode_each(texts)

    def encode_seeing(self, text: str, images: Sequence[Image]) -> Conditioning:
        """A text about images, each (1, 3, H, W); ``slots`` are the tokens right behind one. Raises NodeError without
        sight."""
        if not images:
            return self.plain.encode([text])
        if self.sight is None:
            raise NodeError(
                "Z-Image-Omni sees images by SigLIP 2, which is not loaded; name its file at text_encoder_2"
            )
        read = [self._read(piece, text) for piece in pieces(text, len(images))]
        tokens = torch.cat([states for states, _ in read], 1)
        slots = torch.zeros(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        begun = 0
        for states, _ in read[:-1]:
            begun += states.shape[1]
            slots[:, begun] = True
        words = tuple(word for _, piece in read for word in piece)
        seen = tuple(seen_in(image, *self.sight) for image in images)
        return Conditioning(tokens, words=words, mask=torch.ones_like(slots), slots=slots, sights=seen)

    def _read(self, piece: str, text: str) -> tuple[Tensor, tuple[str, ...]]:
        """Hidden states (1, L, D) of a piece, and its words."""
        plain = self.plain
        until = piece.rfind(text) + len(text) if text else 0
        tell_cut(plain.tokenizer, piece, TOKENS, 0, until)
        numbers = plain.tokenizer([piece], max_length=TOKENS, truncation=True, return_tensors="pt").input_ids
        with torch.no_grad(), adapted(plain.module, plain.adapters):
            said = plain.module(input_ids=numbers.to(device_of(plain.module)), output_hidden_states=True)
        return said.hidden_states[plain.layer], tuple(plain.tokenizer.decode([one]) for one in numbers[0].tolist())


def seen_in(image: Image, eyes: Any, sight: torch.nn.Module) -> Tensor:
    """What a network sees in an image, (1, h, w, C) for the h x w patches that ``eyes`` makes of it."""
    pixels = (image.pixels[0].cpu().clamp(0, 1) * 255).round().to(torch.uint8)
    given = eyes(images=[pixels], return_tensors="pt")
    rows, columns = given.spatial_shapes[0].tolist()
    options = {name: value.to(device_of(sight)) for name, value in given.items()}
    options["pixel_values"] = options["pixel_values"].to(dtype_of(sight))
    with torch.no_grad():
        states: Tensor = sight(**options).last_hidden_state
    return states[:, : rows * columns].unflatten(1, (rows, columns))
