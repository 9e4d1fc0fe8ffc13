"""Ways to read a text with weights, by the programs whose they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from nodeflow.prompts.chunks import Frame, Row, TokenGroup, a1111_rows, comfyui_rows, compel_rows, plain_rows
from nodeflow.prompts.compel_syntax import compel_pieces
from nodeflow.prompts.weights import WeightedPiece, a1111_pieces, comfyui_pieces, plain_pieces


class PromptReading(NamedTuple):
    """How a program finds the weights in a text, and fills a model's rows with its tokens."""

    pieces: Callable[[str], list[WeightedPiece]]
    rows: Callable[[Sequence[TokenGroup], Frame], list[Row]]


READINGS: Mapping[str, PromptReading] = {
    "ComfyUI": PromptReading(comfyui_pieces, comfyui_rows),
    "A1111": PromptReading(a1111_pieces, a1111_rows),
    "A1111, no norm": PromptReading(a1111_pieces, a1111_rows),
    "diffusers": PromptReading(a1111_pieces, plain_rows),
    "compel": PromptReading(compel_pieces, compel_rows),
    "off": PromptReading(plain_pieces, plain_rows),
}
