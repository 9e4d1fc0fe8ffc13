"""FLUX.2 dev: Klein's larger sister, led by three layers of Mistral Small, and told a guidance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nodeflow.wires import TextEncoder
from nodes.loaders.families.flux_2.mistral import MISTRAL_SMALL_3
from nodes.loaders.families.flux_2_klein.family import FAMILY as KLEIN
from nodes.loaders.models.family import Encoding, FamilyText, TextPart
from nodes.loaders.text_encoders.padded import PaddedText, Request

LAYERS = 10, 20, 30
"""The hidden layers whose states, side by side, are a text's tokens."""
BARE = "<s>[SYSTEM_PROMPT]{system}[/SYSTEM_PROMPT][INST]{text}[/INST]"
"""A request to Mistral, as its own template puts it."""
IMAGE = "[IMG]"
"""What stands for an image in Mistral's texts, and is left out of people's."""


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    from diffusers.pipelines.flux2.system_messages import SYSTEM_MESSAGE

    tokenizer, module = loaded["text_encoder"]
    request = Request(BARE, SYSTEM_MESSAGE, {"add_generation_prompt": False}, (IMAGE,))
    return PaddedText(tokenizer, module, LAYERS, request, tokenizer.padding_side)


FAMILY = replace(KLEIN, name="FLUX.2", text=FamilyText((TextPart("text_encoder", MISTRAL_SMALL_3),), text))
