"""Civitai's own generator: ``extraMetadata`` as JSON in a string, beside a graph that names models by its addresses."""

from __future__ import annotations

from typing import Any

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.json_values import as_object, inner, text
from nodeflow.graph.io.image_settings.settings import Adapter, Settings, number, side, whole

PROGRAM = "Civitai"


def read(texts: ImageTexts) -> Settings | None:
    """Read what Civitai wrote; None where it is another program's."""
    for raw in (*texts, texts.chunks.get("prompt", "")):
        outer = as_object(raw)
        held = outer.get("extraMetadata")
        data = as_object(held) if isinstance(held, str) else held if isinstance(held, dict) else {}
        if "prompt" in data or "steps" in data:
            return _settings(data, outer)
    return None


def _settings(data: dict[str, Any], outer: dict[str, Any]) -> Settings:
    raw = "\n".join(f"{key}: {value}" for key, value in data.items())
    found = Settings(PROGRAM, raw, text(data.get("prompt")), text(data.get("negativePrompt")))
    found.dialect, found.noise = "ComfyUI", "batch"
    found.seed, found.steps = whole(data.get("seed")), whole(data.get("steps"), 0) or 0
    found.guidance, found.sampler = number(data.get("cfgScale")), text(data.get("sampler"))
    found.width, found.height = side(data.get("width")), side(data.get("height"))
    found.clip_skip = whole(data.get("clipSkip"), 0) or 0
    airs = inner(outer, "extra", "airs")
    names = [text(one) for one in airs] if isinstance(airs, list) else []
    for one in data.get("resources") or []:
        version = text(inner(one, "modelVersionId"))
        name = next((air for air in names if air.endswith(f"@{version}")), f"civitai version {version}")
        if ":lora:" in name or inner(one, "strength") is not None:
            found.adapters.append(Adapter(name, number(inner(one, "strength"), 1.0) or 0.0))
        elif not found.model:
            found.model = name
    return found
