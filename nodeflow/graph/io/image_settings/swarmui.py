"""SwarmUI: an object with ``sui_image_params`` under ``parameters`` or in the EXIF comment."""

from __future__ import annotations

from typing import Any

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.json_values import as_object, inner, text
from nodeflow.graph.io.image_settings.settings import (
    AdapterSetting,
    ImageSettings,
    SecondPass,
    number,
    side,
    unread,
    whole,
)
from nodeflow.graph.io.image_settings.web_ui import TAG

PROGRAM = "SwarmUI"
KNOWN = frozenset(
    (
        *("prompt", "negativeprompt", "model", "seed", "steps", "cfgscale", "fluxguidancescale", "sigmashift", "width"),
        *("height", "sampler", "scheduler", "vae", "clipstopatlayer", "loras", "loraweights", "variationseed"),
        *("variationseedstrength", "initimage", "initimagecreativity", "aspectratio", "images", "batchsize", "date"),
        *(
            "swarm_version",
            "generation_time",
            "automaticvae",
            "personalnote",
            "original_prompt",
            "presets",
            "imageformat",
        ),
        *(
            "original_negativeprompt",
            "donotsave",
            "nopreviews",
            "modelspecificenhancements",
            "preferreddtype",
            "sidelength",
        ),
        *("loratencweights", "lorasectionconfinement", "savesegmentmask", "outputintermediateimages", "colordepth"),
    )
)
"""What is read, and what says nothing of how the image is computed."""


def read(texts: ImageTexts) -> ImageSettings | None:
    """Read what SwarmUI wrote; None where it is another program's."""
    for raw in (*texts, texts.fields.get("Model", "")):
        data = as_object(raw)
        params = inner(data, "sui_image_params")
        if isinstance(params, dict):
            return _settings(params, data, raw)
    return None


def _settings(params: dict[str, Any], data: dict[str, Any], raw: str) -> ImageSettings:
    found = ImageSettings(PROGRAM, raw, dialect="ComfyUI", noise="batch")
    found.prompt = TAG.sub("", text(params.get("prompt"))).strip()
    found.negative = TAG.sub("", text(params.get("negativeprompt"))).strip()
    found.seed, found.steps = whole(params.get("seed")), whole(params.get("steps"), 0) or 0
    found.guidance = number(params.get("cfgscale"))
    found.distilled_guidance = number(params.get("fluxguidancescale"))
    found.shift = number(params.get("sigmashift"))
    found.width, found.height = side(params.get("width")), side(params.get("height"))
    found.sampler, found.spacing = text(params.get("sampler")), text(params.get("scheduler"))
    found.model = text(params.get("model"))
    found.vae = text(params.get("vae")).replace("Automatic", "").replace("None", "")
    found.clip_skip = abs(whole(params.get("clipstopatlayer"), 0) or 0)
    names, weights = _list(params.get("loras")), _list(params.get("loraweights"))
    found.adapters = [
        AdapterSetting(name, number(weights[at], 1.0) or 0.0 if at < len(weights) else 1.0)
        for at, name in enumerate(names)
    ]
    found.adapters += _in_words(text(params.get("prompt")), names)
    found.variation_seed = whole(params.get("variationseed"))
    found.variation = number(params.get("variationseedstrength"), 0.0) or 0.0
    found.second = _second(params)
    if params.get("initimage") or "initimagecreativity" in params:
        found.strength = number(params.get("initimagecreativity"), 0.6)
    if params.get("controlnetmodel"):
        found.left_out.append("a ControlNet led it by an image that is not in the file")
    if found.second is None and number(params.get("refinercontrolpercentage"), 0.0) and params.get("refinermodel"):
        found.left_out.append("a refiner model took over at the end, which is not done here")
    found.left_out += unread(params, KNOWN, ("refiner", "controlnet"))
    if "<" in found.prompt:
        found.left_out.append("marks in angle brackets in the prompt are read as words here")
    return found


def _in_words(prompt: str, known: list[str]) -> list[AdapterSetting]:
    """LoRAs that a prompt names and no list does."""
    stems = {name.rpartition("/")[2].removesuffix(".safetensors") for name in known}
    found = (
        (one[2].strip(), number(one[3].lstrip(":"), 1.0) or 0.0) for one in TAG.finditer(prompt) if one[1] == "lora"
    )
    return [AdapterSetting(name, weight) for name, weight in found if name.rpartition("/")[2] not in stems]


def _list(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else text(value).split(",")
    return [text(part).strip() for part in parts if text(part).strip()]


def _second(params: dict[str, Any]) -> SecondPass | None:
    """Its refiner makes a second pass, over the image enlarged, with the next seed."""
    strength, scale = number(params.get("refinercontrolpercentage"), 0.0), number(params.get("refinerupscale"), 1.0)
    if not strength or params.get("refinermethod", "PostApply") != "PostApply":
        return None
    found = SecondPass(strength, scale or 1.0, seed_offset=1, steps=whole(params.get("refinersteps"), 0) or 0)
    method = text(params.get("refinerupscalemethod"))
    found.upscaler = method.removeprefix("pixel-").removeprefix("model-")
    found.guidance = number(params.get("refinercfgscale"), 0.0) or 0.0
    model = text(params.get("refinermodel"))
    found.model = "" if model in ("", "(Use Base)", text(params.get("model"))) else model
    return found
