"""Fibo 2.0's text encoder: a caption is JSON as the model was trained with it, and so is what is to be edited."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nodeflow.wires import Conditioning, Image
from nodes.loaders.text_encoders.seeing import SHOWN, SeeingText

NOTHING = (
    '{"short_description":"","objects":[],"background_setting":"","lighting":{},"aesthetics":{},'
    '"photographic_characteristics":{},"style_medium":"","context":"","artistic_style":""}'
)
"""The caption that says nothing, which guidance leads away from."""


@dataclass(frozen=True, eq=False)
class CaptionText:
    """A text encoder that ``reads`` captions. Images of the words that an image is to show, which the pipeline may draw
    and show besides, are left out."""

    reads: SeeingText

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return self.reads.encode_each([as_trained(text) for text in texts])

    def encode(self, texts: list[str]) -> Conditioning:
        return self.reads.encode([as_trained(text) for text in texts])

    def encode_seeing(self, text: str, images: Sequence[Image]) -> Conditioning:
        """What is to become of images, each (1, 3, H, W). A caption without an edit is read without them, and so is an
        empty text: guidance leads away from these."""
        return self.reads.encode_seeing(edit(text), images) if images and _edits(text) else self.encode([text])


def as_trained(text: str) -> str:
    """A caption in JSON without what it leaves empty and without scores, in as few letters as can be; another text as
    it is. An empty one says nothing."""
    caption, _ = _read(text)
    if not text.strip():
        return NOTHING
    return caption if isinstance(caption, str) else _short(caption or {})


def edit(text: str) -> str:
    """What stands behind the images: the caption of what is wanted, where there is one, and what is to be done."""
    caption, instruction = _read(text)
    if instruction is None:
        caption, instruction = None, text
    said = {"structured_caption": caption} if caption else {}
    return _short({**said, "edit_instruction": instruction}).removeprefix("{")


def shown(count: int) -> str:
    """The words that images stand in, before that."""
    names = ["image"] if count == 1 else [f"image_{number}" for number in range(1, count + 1)]
    return "{" + "".join(f'"{name}":"{SHOWN}",' for name in names)


def _edits(text: str) -> bool:
    caption, instruction = _read(text)
    return instruction is not None or (caption == text and bool(text.strip()))


def _short(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _read(text: str) -> tuple[Any, str | None]:
    """A caption, and what is to be done, as diffusers' pipeline reads them out of a text."""
    from diffusers import BriaFibo2Pipeline

    try:
        found: tuple[Any, str | None] = BriaFibo2Pipeline._parse_prompt(text)
    except RecursionError:
        return text, None
    return found
