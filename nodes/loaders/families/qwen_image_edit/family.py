"""The first Qwen-Image-Edit: Qwen-Image's network, whose text encoder sees one image as large as the VAE does.

Its weights are named and shaped as those of Qwen-Image and of the later Edits, so that a folder alone tells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nodeflow.node import NodeError
from nodeflow.wires import TextEncoder
from nodes.loaders.families.qwen_image.family import ENCODED, editing
from nodes.loaders.families.qwen_image.family import FAMILY as QWEN_IMAGE
from nodes.loaders.models.family import Encoding, FamilyText, References
from nodes.loaders.models.shapes import in_area
from nodes.loaders.text_encoders.seeing import SHOWN


def shown(count: int) -> str:
    """The words that the image stands in, before the text. Raises NodeError for several."""
    if count > 1:
        raise NodeError(
            f"the first Qwen-Image-Edit changes one image, and {count} are shown; take Edit 2509 or 2511 for several"
        )
    return SHOWN


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return editing(loaded["text_encoder"], shown)


FAMILY = replace(
    QWEN_IMAGE,
    name="Qwen-Image-Edit",
    text=FamilyText(QWEN_IMAGE.text.parts, text),
    references=References(*[lambda size, side: in_area(size, side or ENCODED)] * 2),
)
