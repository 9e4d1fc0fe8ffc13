"""Ways to read a text with weights, by the programs whose they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from nodeflow.prompts.chunks import Frame, Group, Row, a1111_rows, comfyui_rows, compel_rows, plain_rows
from nodeflow.prompts.compel_syntax import compel_pieces
from nodeflow.prompts.weights import Piece, a1111_pieces, comfyui_pieces, plain_pieces


class Reading(NamedTuple):
    """How a program finds the weights in a text, and fills a model's rows with its tokens."""

    pieces: Callable[[str], list[Piece]]
    rows: Callable[[Sequence[Group], Frame], list[Row]]


READINGS: Mapping[str, Reading] = {
    "ComfyUI": Reading(comfyui_pieces, comfyui_rows),
    "A1111": Reading(a1111_pieces, a1111_rows),
    "A1111, no norm": Reading(a1111_pieces, a1111_rows),
    "diffusers": Reading(a1111_pieces, plain_rows),
    "compel": Reading(compel_pieces, compel_rows),
    "off": Reading(plain_pieces, plain_rows),
}
