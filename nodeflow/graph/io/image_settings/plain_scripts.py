"""Scripts that name their settings as their options: kohya's sd-scripts, and spaces on the Hugging Face hub."""

from __future__ import annotations

import re
from typing import Any

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.json_values import as_object, text
from nodeflow.graph.io.image_settings.settings import ImageSettings, number, side, unread, whole

KOHYA, SPACE = "sd-scripts", "Hugging Face space"
KNOWN = frozenset(
    (
        *("prompt", "negative-prompt", "negative_prompt", "seed", "sampler", "steps", "num_inference_steps", "scale"),
        *("guidance_scale", "resolution", "model", "Model", "raw-prompt", "width", "height", "original-width"),
        *("original-height", "original-width-negative", "original-height-negative", "crop-top", "crop-left"),
        *("use_lora", "Model hash", "Version"),
    )
)
"""What is read, and what says nothing of how the image is computed."""
NOTHING = "None"
"""What kohya's scripts write for no text."""


def read(texts: ImageTexts) -> ImageSettings | None:
    """Read what such a script wrote; None where it is another program's."""
    chunks = texts.chunks
    if {"prompt", "seed", "steps", "scale", "sampler"} <= chunks.keys():
        return _settings(KOHYA, chunks, "scale", texts)
    said = as_object(chunks.get("parameters", ""))
    if {"prompt", "guidance_scale", "num_inference_steps", "resolution"} <= said.keys():
        return _settings(SPACE, said, "guidance_scale", texts)
    return None


def _settings(program: str, data: dict[str, Any], scale: str, texts: ImageTexts) -> ImageSettings:
    raw = "\n".join(f"{key}: {value}" for key, value in data.items())
    negative = text(data.get("negative-prompt") or data.get("negative_prompt"))
    found = ImageSettings(program, raw, text(data.get("prompt")), "" if negative == NOTHING else negative, noise="CPU")
    found.seed, found.sampler = whole(data.get("seed")), text(data.get("sampler"))
    found.steps = whole(data.get("steps") or data.get("num_inference_steps"), 0) or 0
    found.guidance = number(data.get(scale))
    sides = re.fullmatch(r"\s*(\d+)\s*x\s*(\d+)\s*", text(data.get("resolution")))
    if sides:
        found.width, found.height = side(sides[1]), side(sides[2])
    else:
        found.width, found.height = texts.width, texts.height
    model = data.get("model") or data.get("Model")
    found.model = text(model) if isinstance(model, str) else ""
    found.left_out += unread(data, KNOWN)
    return found
