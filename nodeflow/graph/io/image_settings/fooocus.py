"""Fooocus and Ruined Fooocus: an object under ``parameters`` with a scheme beside it, or under ``Comment``."""

from __future__ import annotations

import ast
from typing import Any

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.json_values import as_object, text
from nodeflow.graph.io.image_settings.settings import AdapterSetting, ImageSettings, number, pixels, unread, whole

PROGRAM, RUINED = "Fooocus", "RuinedFooocus"
ENGLISH = {
    "Prompt": "prompt",
    "Negative Prompt": "negative_prompt",
    "Steps": "steps",
    "Sampler": "sampler",
    "Scheduler": "scheduler",
    "Guidance Scale": "guidance_scale",
    "Resolution": "resolution",
    "Base Model": "base_model",
    "Seed": "seed",
    "Negative": "negative_prompt",
    "cfg": "guidance_scale",
    "sampler_name": "sampler",
    "base_model_name": "base_model",
    "Sharpness": "sharpness",
    "CLIP Skip": "clip_skip",
    "Performance": "performance",
    "Refiner Model": "refiner_model",
}
"""Keys of older and kindred files, and the newest ones."""
KNOWN = frozenset(
    (
        *("prompt", "negative_prompt", "full_prompt", "full_negative_prompt", "prompt_expansion", "styles", "steps"),
        *("performance", "resolution", "width", "height", "guidance_scale", "sharpness", "adm_guidance", "base_model"),
        *("base_model_hash", "refiner_model", "refiner_model_hash", "refiner_switch", "clip_skip", "sampler", "vae"),
        *("scheduler", "seed", "loras", "metadata_scheme", "version", "created_by", "software", "ADM Guidance"),
        *("Styles", "Version", "Metadata Scheme", "Created By", "User", "Fooocus V2 Expansion", "Full raw prompt"),
        *(
            "Refiner Switch",
            "VAE",
            "Raw prompt",
            "lora_combined_1",
            "start_step",
            "denoise",
            "clip_model",
            "adaptive_cfg",
        ),
    )
)
"""What is read, and what says nothing of how the image is computed."""
LORA = "LoRA "
STEPS = {"Quality": 60, "Speed": 30, "Extreme Speed": 8, "Lightning": 4, "Hyper-SD": 4}
"""Steps of what older files call by how fast it is."""


def read(texts: ImageTexts) -> ImageSettings | None:
    """Read what Fooocus wrote; None where it is another program's."""
    for raw in (*texts, texts.chunks.get("Comment", "")):
        data = as_object(raw)
        named = {ENGLISH.get(key, key): value for key, value in data.items()}
        if "base_model" in named and "guidance_scale" in named and ("steps" in named or "performance" in named):
            return _settings(named, raw, RUINED if data.get("software") == RUINED else PROGRAM)
    return None


def _settings(data: dict[str, Any], raw: str, program: str) -> ImageSettings:
    found = ImageSettings(program, raw, dialect="ComfyUI", noise="batch")
    found.prompt = _full(data, "full_prompt", "prompt")
    found.negative = _full(data, "full_negative_prompt", "negative_prompt")
    found.seed, found.steps = whole(data.get("seed")), whole(data.get("steps"), 0) or 0
    found.steps = found.steps or STEPS.get(text(data.get("performance")), 0)
    found.guidance = number(data.get("guidance_scale"))
    found.sampler, found.spacing = text(data.get("sampler")), text(data.get("scheduler"))
    found.width, found.height = pixels(data.get("resolution"))
    if not found.width:
        found.width, found.height = whole(data.get("width"), 0) or 0, whole(data.get("height"), 0) or 0
    found.model, found.model_hash = text(data.get("base_model")), text(data.get("base_model_hash"))
    found.clip_skip = whole(data.get("clip_skip"), 0) or 0
    for one in data.get("loras") or []:
        if isinstance(one, (list, tuple)) and len(one) >= 2:
            digits = text(one[2]) if len(one) > 2 else ""
            found.adapters.append(AdapterSetting(text(one[0]), number(one[1], 1.0) or 0.0, hash=digits))
    for key, said in data.items():  # "LoRA 1": "name : 0.5" in its older files
        name, parted, weight = text(said).rpartition(" : ")
        if key.startswith(LORA) and parted and name != "None":
            found.adapters.append(AdapterSetting(name.strip(), number(weight, 1.0) or 0.0))
    if text(data.get("vae")) not in ("", "None", "Default (model)"):
        found.vae = text(data.get("vae"))
    found.left_out += unread(data, KNOWN, (LORA,))
    if number(data.get("sharpness"), 0.0):
        found.left_out.append("Fooocus sharpens the guidance, which is not done here")
    if text(data.get("refiner_model")) not in ("", "None"):
        found.left_out.append("a refiner model finished it, which is not done here")
    return found


def _full(data: dict[str, Any], full: str, short: str) -> str:
    """The prompt with the words that styles add, which come as a list or as its text."""
    value = data.get(full)
    if isinstance(value, str) and value.startswith("["):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = None
    parts = [text(one) for one in value if text(one)] if isinstance(value, (list, tuple)) else []
    return ", ".join(parts) or text(value) or text(data.get(short))
