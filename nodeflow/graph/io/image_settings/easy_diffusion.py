"""Easy Diffusion: one chunk a setting, by raw or English names, or an object in the EXIF comment."""

from __future__ import annotations

from typing import Any

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.json_values import as_object, text
from nodeflow.graph.io.image_settings.settings import AdapterSetting, ImageSettings, number, side, whole

PROGRAM = "Easy Diffusion"
ENGLISH = {
    "Prompt": "prompt",
    "Negative Prompt": "negative_prompt",
    "Seed": "seed",
    "Steps": "num_inference_steps",
    "Guidance Scale": "guidance_scale",
    "Sampler": "sampler_name",
    "Width": "width",
    "Height": "height",
    "Stable Diffusion model": "use_stable_diffusion_model",
    "VAE model": "use_vae_model",
    "LoRA model": "use_lora_model",
    "Clip Skip": "clip_skip",
    "Prompt Strength": "prompt_strength",
}


def read(texts: ImageTexts) -> ImageSettings | None:
    """Read what Easy Diffusion wrote; None where it is another program's."""
    for data in (texts.chunks, as_object(texts.comment)):
        named: dict[str, Any] = {ENGLISH.get(key, key): value for key, value in data.items()}
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
    return found


def _list(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else [value]
    return [text(part) for part in parts if text(part) not in ("", "None")]
