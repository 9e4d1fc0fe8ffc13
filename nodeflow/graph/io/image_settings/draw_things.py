"""Draw Things: an object in XMP or in the EXIF comment, keys ``c`` and ``uc`` for the prompts."""

from __future__ import annotations

from typing import Any

from nodeflow.graph.io.image_settings.image_texts import ImageTexts, xmp_value
from nodeflow.graph.io.image_settings.json_values import as_object, text
from nodeflow.graph.io.image_settings.settings import (
    UNSET,
    AdapterSetting,
    ImageSettings,
    number,
    pixels,
    unread,
    whole,
)

PROGRAM = "Draw Things"
KNOWN = frozenset(
    (
        *("c", "uc", "seed", "seed_mode", "steps", "scale", "sampler", "size", "model", "lora", "strength", "shift"),
        *(
            "v2",
            "profile",
            "seedMode",
            "aesthetic_score",
            "negative_aesthetic_score",
            "mask_blur",
            "sharpness",
            "version",
        ),
    )
)
"""What is read, and what says nothing of how the image is computed."""
MORE = {
    "hiresFix": "its second pass over the enlarged image is not made here",
    "controls": "a ControlNet led it by an image that is not in the file",
    "refinerModel": "a refiner model finished it, which is not done here",
    "upscaler": "it was enlarged in the end, which is not done here",
    "faceRestoration": "faces were painted anew, which is not done here",
}
"""What newer versions say beside the rest, of what nothing here does."""


def read(texts: ImageTexts) -> ImageSettings | None:
    """Read what Draw Things wrote; None where it is another program's."""
    for raw in (texts.chunks.get("Comment", ""), texts.comment, xmp_value(texts.xmp, "exif:UserComment")):
        data = as_object(raw)
        if "c" in data and "steps" in data and "scale" in data:
            return _settings(data, raw)
    return None


def _settings(data: dict[str, Any], raw: str) -> ImageSettings:
    found = ImageSettings(PROGRAM, raw, text(data.get("c")), text(data.get("uc")), dialect="A1111")
    found.seed, found.steps = whole(data.get("seed")), whole(data.get("steps"), 0) or 0
    mode = text(data.get("seed_mode")).lower()
    found.noise = "NV" if "nvidia" in mode else "CPU"
    if mode and not any(word in mode for word in ("nvidia", "torch cpu")):
        found.left_out.append(f"its noise was drawn in the way {mode}, which is not known here")
    found.guidance, found.shift = number(data.get("scale")), number(data.get("shift"))
    found.sampler = text(data.get("sampler"))
    found.width, found.height = pixels(data.get("size"))
    found.model = text(data.get("model"))
    said = data.get("v2")
    more: dict[str, Any] = said if isinstance(said, dict) else {}
    found.clip_skip = skipped if (skipped := whole(more.get("clipSkip"), 0) or 0) > 1 else 0
    found.distilled_guidance = number(more.get("guidanceEmbed")) if more.get("speedUpWithGuidanceEmbed") else None
    found.left_out += [words for key, words in MORE.items() if more.get(key) not in (*UNSET, 0)]
    loras = data.get("lora") or more.get("loras")
    for one in loras if isinstance(loras, list) else []:
        if isinstance(one, dict):
            name = text(one.get("model") or one.get("file") or one.get("name"))
            found.adapters.append(AdapterSetting(name, number(one.get("weight"), 1.0) or 0.0))
    strength = number(data.get("strength"), 1.0)
    found.strength = strength if strength is not None and 0 < strength < 1 else None
    found.left_out += unread(data, KNOWN)
    return found
