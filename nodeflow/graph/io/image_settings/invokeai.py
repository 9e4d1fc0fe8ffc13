"""InvokeAI: an object under ``invokeai_metadata`` (3 and later), ``sd-metadata`` (2), or a line under ``Dream`` (1)."""

from __future__ import annotations

import re
from typing import Any

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.json_values import as_object, inner, text
from nodeflow.graph.io.image_settings.settings import AdapterSetting, ImageSettings, number, side, unread, whole

PROGRAM = "InvokeAI"
KNOWN = frozenset(
    (
        *("positive_prompt", "negative_prompt", "seed", "steps", "cfg_scale", "cfg_rescale_multiplier", "guidance"),
        *(
            "scheduler",
            "width",
            "height",
            "rand_device",
            "clip_skip",
            "strength",
            "init_image",
            "model",
            "vae",
            "loras",
        ),
        *(
            "controlnets",
            "generation_mode",
            "app_version",
            "use_cpu",
            "qwen3_encoder",
            "t5_encoder",
            "clip_embed_model",
        ),
        *("canvas_v2_metadata", "metadata_version", "fp32", "vae_precision", "workflow", "session", "board", "user"),
    )
)
"""What is read, and what says nothing of how the image is computed."""
DREAM = re.compile(r'^"(?P<prompt>.*)"(?P<rest>(?:\s+-\w+.*)?)$', re.S)


def read(texts: ImageTexts) -> ImageSettings | None:
    """Read what InvokeAI wrote; None where it is another program's."""
    if "invokeai_metadata" in texts.chunks:
        return _third(as_object(texts.chunks["invokeai_metadata"]), texts.chunks["invokeai_metadata"])
    if "sd-metadata" in texts.chunks:
        return _second(as_object(texts.chunks["sd-metadata"]), texts.chunks["sd-metadata"])
    return _first(texts.chunks["Dream"]) if "Dream" in texts.chunks else None


def _third(data: dict[str, Any], raw: str) -> ImageSettings | None:
    if not data:
        return None
    found = ImageSettings(PROGRAM, raw, dialect="InvokeAI", noise="CPU")
    found.prompt, found.negative = text(data.get("positive_prompt")), text(data.get("negative_prompt"))
    found.seed, found.steps = whole(data.get("seed")), whole(data.get("steps"), 0) or 0
    found.guidance = number(data.get("cfg_scale"))
    found.rescale = number(data.get("cfg_rescale_multiplier"), 0.0) or 0.0
    found.distilled_guidance = number(data.get("guidance"))
    found.sampler = text(data.get("scheduler"))
    found.width, found.height = side(data.get("width")), side(data.get("height"))
    found.noise = "GPU" if data.get("rand_device") == "cuda" else "CPU"
    found.clip_skip = _clip_skip(data.get("clip_skip"))
    found.strength = number(data.get("strength")) if data.get("init_image") else None
    found.model, found.model_hash = _model(data.get("model"))
    found.vae = _model(data.get("vae"))[0]
    for one in data.get("loras") or []:
        name, digits = _model(inner(one, "model") or inner(one, "lora"))
        if name:
            found.adapters.append(AdapterSetting(name, number(inner(one, "weight"), 0.75) or 0.0, hash=digits))
    if data.get("controlnets"):
        found.left_out.append("a ControlNet led it by an image that is not in the file")
    if data.get("hrf_enabled"):
        found.left_out.append("its second pass over the enlarged image is not made here")
    if data.get("refiner_model"):
        found.left_out.append("a refiner model finished it, which is not done here")
    found.left_out += unread(data, KNOWN, ("refiner_", "hrf_"))
    return found


def _clip_skip(value: Any) -> int:
    """It counts skipped layers, from 0; here the last layer is 1."""
    skipped = whole(value, 0) or 0
    return skipped + 1 if skipped > 0 else 0


def _model(value: Any) -> tuple[str, str]:
    name = text(inner(value, "name") or inner(value, "model_name") or (value if isinstance(value, str) else ""))
    digits = text(inner(value, "hash"))
    return name, digits.partition(":")[2] if digits.startswith("sha256") else ""


def _second(data: dict[str, Any], raw: str) -> ImageSettings | None:
    image = inner(data, "image")
    if not isinstance(image, dict):
        return None
    found = ImageSettings(PROGRAM, raw, dialect="InvokeAI", noise="CPU", model=text(data.get("model_weights")))
    prompt = image.get("prompt")
    first = prompt[0] if isinstance(prompt, list) and prompt else prompt
    found.prompt, found.negative = _split(text(inner(first, "prompt") or first))
    found.seed, found.steps = whole(image.get("seed")), whole(image.get("steps"), 0) or 0
    found.guidance, found.sampler = number(image.get("cfg_scale")), text(image.get("sampler"))
    found.width, found.height = side(image.get("width")), side(image.get("height"))
    found.model_hash = text(data.get("model_hash"))[:64]
    return found


def _first(line: str) -> ImageSettings | None:
    match = DREAM.match(line.strip())
    if match is None:
        return None
    found = ImageSettings(PROGRAM, line, dialect="InvokeAI", noise="CPU")
    found.prompt, found.negative = _split(match["prompt"])
    flags = dict(re.findall(r"-(\w)\s*(\S+)", match["rest"]))
    found.seed, found.steps = whole(flags.get("S")), whole(flags.get("s"), 0) or 0
    found.width, found.height = side(flags.get("W")), side(flags.get("H"))
    found.guidance, found.sampler = number(flags.get("C")), flags.get("A", "")
    return found


def _split(prompt: str) -> tuple[str, str]:
    """Version 2 writes what is not wanted in brackets into the one prompt."""
    return re.sub(r"\s*\[[^\]]*\]", "", prompt).strip(), ", ".join(re.findall(r"\[([^\]]*)\]", prompt))
