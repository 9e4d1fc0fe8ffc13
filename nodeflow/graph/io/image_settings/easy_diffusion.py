"""Easy Diffusion: one chunk a setting, by raw or English names, or an object in the EXIF comment."""

from __future__ import annotations

import ast
from typing import Any

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.json_values import as_object, text
from nodeflow.graph.io.image_settings.settings import AdapterSetting, ImageSettings, number, side, unread, whole

PROGRAM = "Easy Diffusion"
ENGLISH = {
    "prompt": "prompt",
    "negative prompt": "negative_prompt",
    "seed": "seed",
    "steps": "num_inference_steps",
    "guidance scale": "guidance_scale",
    "sampler": "sampler_name",
    "width": "width",
    "height": "height",
    "stable diffusion model": "use_stable_diffusion_model",
    "vae model": "use_vae_model",
    "lora model": "use_lora_model",
    "lora strength": "lora_alpha",
    "clip skip": "clip_skip",
    "prompt strength": "prompt_strength",
    "output format": "output_format",
    "output quality": "output_quality",
}
"""What the settings are called for people, in small letters."""
KNOWN = frozenset(
    (
        *ENGLISH.values(),
        *("init_image", "original_prompt", "active_tags", "inactive_tags", "num_outputs", "session_id", "request_id"),
        *("output_format", "output_quality", "output_lossless", "metadata_output_format", "save_to_disk_path"),
        *("vram_usage_level", "render_device", "show_only_filtered_image", "stream_progress_updates", "block_nsfw"),
        *("stream_image_progress", "stream_image_progress_interval", "used_random_seed", "sampler_id", "use_cpu"),
    )
)
"""What is read, and what says nothing of how the image is computed."""
OFF = (0, "0", "null", "no", "[]")
"""Values that say that a setting of another kind was not at work."""


def read(texts: ImageTexts) -> ImageSettings | None:
    """Read what Easy Diffusion wrote; None where it is another program's."""
    for data in (texts.chunks, as_object(texts.comment)):
        named: dict[str, Any] = {ENGLISH.get(key.lower(), key): value for key, value in data.items()}
        if "num_inference_steps" in named and "guidance_scale" in named and "prompt" in named:
            return _settings(named)
    return None


def _settings(data: dict[str, Any]) -> ImageSettings:
    raw = "\n".join(f"{key}: {value}" for key, value in data.items())
    found = ImageSettings(PROGRAM, raw, text(data.get("prompt")), text(data.get("negative_prompt")), noise="CPU")
    found.seed, found.steps = whole(data.get("seed")), whole(data.get("num_inference_steps"), 0) or 0
    found.guidance, found.sampler = number(data.get("guidance_scale")), text(data.get("sampler_name"))
    found.width, found.height = side(data.get("width")), side(data.get("height"))
    found.model = text(data.get("use_stable_diffusion_model"))
    found.vae = text(data.get("use_vae_model")).replace("None", "")
    found.clip_skip = 2 if data.get("clip_skip") in (True, "True", "true") else 0
    names, weights = _list(data.get("use_lora_model")), _list(data.get("lora_alpha"))
    for at, name in enumerate(names):
        found.adapters.append(AdapterSetting(name, number(weights[at], 1.0) or 0.0 if at < len(weights) else 1.0))
    found.strength = number(data.get("prompt_strength")) if data.get("init_image") else None
    found.left_out += unread({key: value for key, value in data.items() if value not in OFF}, KNOWN)
    return found


def _list(value: Any) -> list[str]:
    """One or several texts or numbers; of several a chunk holds the list as Python writes it."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = value.strip("[]").split(",")
    parts = value if isinstance(value, list) else [value]
    return [text(part).strip() for part in parts if text(part) not in ("", "None")]
