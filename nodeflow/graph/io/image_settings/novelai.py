"""NovelAI: an object in ``Comment`` beside ``Software NovelAI``, in WebP's EXIF, or in the alpha channel."""

from __future__ import annotations

from typing import Any

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.json_values import as_object, inner, text
from nodeflow.graph.io.image_settings.settings import UNSET, ImageSettings, number, side, unread, whole

PROGRAM = "NovelAI"
LED = ("reference_", "director_reference_")
"""What the settings of images that led it begin with."""
OWN = ("sm", "sm_dyn", "dynamic_thresholding", "skip_cfg_above_sigma", "skip_cfg_below_sigma")
"""Ways of its own to compute."""
KNOWN = frozenset(
    (
        *("prompt", "uc", "seed", "steps", "scale", "sampler", "noise_schedule", "width", "height", "cfg_rescale"),
        *("v4_prompt", "v4_negative_prompt", "strength", "request_type", "controlnet_model", "uncond_scale", *OWN),
        *("n_samples", "hide_debug_overlay", "signed_hash", "version", "stream", "add_original_image", "legacy"),
        *("legacy_uc", "legacy_v3_extend", "controlnet_strength", "params_version", "qualityToggle", "ucPreset"),
        *("dynamic_thresholding_percentile", "dynamic_thresholding_mimic_scale", "cfg_sched_eligibility"),
        *("prefer_brownian", "deliberate_euler_ancestral_bug", "explike_fine_detail", "minimize_sigma_inf"),
        *("uncond_per_vibe", "wonky_vibe_correlation", "extra_noise_seed", "image_format", "use_coords", "use_order"),
    )
)
"""What is read, and what says nothing of how the image is computed where the settings that it belongs to are off."""


def read(texts: ImageTexts) -> ImageSettings | None:
    """Read what NovelAI wrote; None where it is another program's."""
    if texts.chunks.get("Software") == PROGRAM or texts.fields.get("Software") == PROGRAM:
        said = as_object(texts.chunks.get("Comment", "") or texts.comment)
        return _settings(said, _source(texts.chunks, texts), texts.chunks.get("Description", ""))
    for raw in (texts.comment, texts.hidden):
        data = as_object(raw)
        if data.get("Software") == PROGRAM:  # the alpha channel holds all chunks as one object
            return _settings(
                as_object(text(data.get("Comment"))), text(data.get("Source")), text(data.get("Description"))
            )
        if "uc" in data and "scale" in data and "c" not in data:
            return _settings(data, "")
    return None


def _source(chunks: dict[str, str], texts: ImageTexts) -> str:
    return chunks.get("Source") or texts.fields.get("Source", "")


def _settings(data: dict[str, Any], source: str, described: str = "") -> ImageSettings | None:
    if not data:
        return None
    found = ImageSettings(PROGRAM, str(data), dialect="NovelAI", noise="CPU")
    found.text = "\n".join(f"{key}: {value}" for key, value in data.items() if not isinstance(value, (dict, list)))
    captions = inner(data, "v4_prompt", "caption")
    found.prompt = text(inner(captions, "base_caption")) or text(data.get("prompt")) or described
    characters = inner(captions, "char_captions")
    for one in characters if isinstance(characters, list) else []:
        found.prompt += " | " + text(inner(one, "char_caption"))
        found.left_out = ["characters have places of their own in the image; they are one text here"]
    found.negative = text(inner(data, "v4_negative_prompt", "caption", "base_caption")) or text(data.get("uc"))
    found.seed, found.steps = whole(data.get("seed")), whole(data.get("steps"), 0) or 0
    found.guidance, found.rescale = number(data.get("scale")), number(data.get("cfg_rescale"), 0.0) or 0.0
    found.sampler, found.spacing = text(data.get("sampler")), text(data.get("noise_schedule"))
    found.width, found.height = side(data.get("width")), side(data.get("height"))
    found.clip_skip = 2
    found.model = source
    found.strength = number(data.get("strength")) if data.get("request_type") == "Img2ImgRequest" else None
    found.left_out += [
        f"{key} was on, which is NovelAI's own and is not done here" for key in OWN if data.get(key) not in (*UNSET, 0)
    ]
    if number(data.get("uncond_scale"), 1.0) != 1.0:
        found.left_out.append("uncond_scale was on, which is NovelAI's own and is not done here")
    led = any(key.startswith(LED) and value not in UNSET for key, value in data.items())
    if led or data.get("controlnet_model") not in UNSET:
        found.left_out.append("images led it that are not in the file")
    found.left_out += unread(data, KNOWN, LED)
    found.left_out.append("NovelAI's models are not for download; choose another model")
    return found
