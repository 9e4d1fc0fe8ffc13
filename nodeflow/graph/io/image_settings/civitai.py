"""Civitai's own generator: ``extraMetadata`` as JSON in a string, beside a graph that names models by its addresses."""

from __future__ import annotations

from typing import Any

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.json_values import as_object, inner, text
from nodeflow.graph.io.image_settings.settings import AdapterSetting, ImageSettings, number, pixels, side, unread, whole

PROGRAM = "Civitai"
LORAS = ("lora", "lycoris", "locon", "dora")
KNOWN = frozenset(
    (
        *("prompt", "negativePrompt", "seed", "steps", "cfgScale", "sampler", "width", "height", "clipSkip", "extra"),
        *("resources", "civitaiResources", "Model", "Model hash", "Size", "workflow", "workflowId", "baseModel", "id"),
        *("quantity", "priority", "aspectRatio", "outputFormat", "Created Date", "remixOfId", "hashes", "Version"),
        *("engine", "experimental", "draft", "nsfw", "process", "additionalResources", "extraMetadata"),
    )
)
"""What is read, and what says nothing of how the image is computed."""


def read(texts: ImageTexts) -> ImageSettings | None:
    """Read what Civitai wrote; None where it is another program's."""
    for raw in (*texts, texts.chunks.get("prompt", "")):
        outer = as_object(raw)
        held = outer.get("extraMetadata")
        data = as_object(held) if isinstance(held, str) else held if isinstance(held, dict) else {}
        if "prompt" in data or "steps" in data:
            return _settings(data, outer)
        if "prompt" in outer and "cfgScale" in outer:  # what its pages give of an image
            return _settings(outer, outer)
    return None


def _settings(data: dict[str, Any], outer: dict[str, Any]) -> ImageSettings:
    raw = "\n".join(f"{key}: {value}" for key, value in data.items())
    found = ImageSettings(PROGRAM, raw, text(data.get("prompt")), text(data.get("negativePrompt")))
    found.dialect, found.noise = "ComfyUI", "batch"
    found.seed, found.steps = whole(data.get("seed")), whole(data.get("steps"), 0) or 0
    found.guidance, found.sampler = number(data.get("cfgScale")), text(data.get("sampler"))
    found.width, found.height = side(data.get("width")), side(data.get("height"))
    if not found.width:
        found.width, found.height = pixels(data.get("Size", ""))
    found.clip_skip = whole(data.get("clipSkip"), 0) or 0
    airs = inner(outer, "extra", "airs")
    names = [text(one) for one in airs] if isinstance(airs, list) else []
    found.model = text(data.get("Model"))
    found.model_hash = text(data.get("Model hash"))
    listed = [*_objects(data.get("resources")), *_objects(data.get("civitaiResources"))]
    for one in listed:
        version = str(one.get("modelVersionId") or "")
        air = next((air for air in names if air.endswith(f"@{version}")), f"civitai version {version}")
        name = text(one.get("modelName")) or text(one.get("name")) or air
        weight = one.get("strength", one.get("weight"))
        kind = text(one.get("type")).lower()
        if kind in LORAS or (not kind and (":lora:" in name or weight is not None)):
            found.adapters.append(AdapterSetting(name, number(weight, 1.0) or 0.0, hash=text(one.get("hash"))))
        elif kind in ("", "checkpoint", "model") and not found.model:
            found.model, found.model_hash = name, found.model_hash or text(one.get("hash"))
        elif kind not in ("checkpoint", "model"):
            found.left_out.append(f"the {kind or 'file'} {name} was at work, which is not loaded here")
    found.left_out += unread(data, KNOWN)
    return found


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
