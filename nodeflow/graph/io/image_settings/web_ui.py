"""A1111's web UI and those that write as it does: Forge, reForge, SD.Next, stable-diffusion.cpp, Krita, Civitai."""

from __future__ import annotations

import json
import re
from typing import Any

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.infotext import Infotext, hashes, is_infotext, parse
from nodeflow.graph.io.image_settings.settings import (
    AdapterSetting,
    Dialect,
    ImageSettings,
    NoiseSource,
    SecondPass,
    number,
    pixels,
    side,
    unread,
    whole,
)

TAG = re.compile(r"<(lora|lyco|hypernet):([^:>]+)((?::[^>]*)?)>")
A1111, FORGE, REFORGE, SD_NEXT, CPP = "Stable Diffusion web UI", "Forge", "reForge", "SD.Next", "stable-diffusion.cpp"
OURS = "nodeflow"
CIVITAI, KRITA, FOOOCUS, COMFYUI = "Civitai", "Krita AI", "Fooocus", "ComfyUI"
USUAL_VAES = ("none", "automatic", "default", "baked vae")
EMPHASIS: dict[str, Dialect] = {"No norm": "A1111, no norm", "None": "plain", "Ignore": "plain"}
BESIDE = {
    "ADetailer model": "ADetailer has repainted faces or hands, which is not done here",
    "ControlNet 0": "a ControlNet led it by an image that is not in the file",
    "ControlNet Enabled": "a ControlNet led it by an image that is not in the file",
    "RP Active": "Regional Prompter gave texts regions of their own; they are one text here",
    "Refiner": "a refiner model finished it, which is not done here",
    "Hypernet": "a hypernetwork was at work, which is not loaded here",
    "NGMS": "negative guidance was left out at small sigmas, which is not done here",
    "Token merging ratio": "tokens were merged for speed, which is not done here",
    "Mask blur": "a mask said what was painted anew; it is not in the file",
    "FreeU Stages": "FreeU weighted the U-Net's skip connections, which is not done here",
    "Dynamic thresholding enabled": "guidance was thresholded dynamically, which is not done here",
}
"""Settings that tell of what nothing here does, and of what the file does not hold."""
STRENGTHS = "Denoising strength", "Denoising Strength", "Hires strength", "Hires denoising strength"
USUAL_STRENGTH = 0.7
UNSAID = (
    f"how strongly the second pass painted is not in the file; {USUAL_STRENGTH:g} is taken, as the web UI begins with"
)
SPACED = "Sampler sigma"
"""What one program calls the spacing."""
READ = frozenset(
    (
        *(
            "Steps",
            "Sampler",
            "Schedule type",
            "CFG scale",
            "Distilled CFG Scale",
            "Guidance",
            "Seed",
            "Size",
            "First pass size",
        ),
        *("Model", "Model hash", "VAE", "VAE hash", "Clip skip", "ENSD", "Eta", "Eta DDIM", "RNG", "Emphasis", "Shift"),
        *(SPACED, "Variation seed", "Variation seed strength", "Variation strength", "CFG Rescale", "CFG rescale φ"),
        *("Denoising strength", "Denoising Strength", "Lora hashes", "Lora weights", "TI hashes", "Civitai resources"),
        "Seed resize from",
    )
)
"""Settings that are read."""
TOLD = frozenset(
    (
        *("Version", "App", "User", "Created Date", "Civitai metadata", "Hashes", "Template", "Negative Template"),
        *("Batch size", "Batch pos", "Operations", "Parser", "Pipeline", "Index", "Time", "Date", "Comment", "Backend"),
        *("Hypernet hash", "Hypernet strength", "Lora", "Networks", "Raw prompt", "Raw negative prompt", "Styles"),
        *("Pad conds", "Downcast alphas_cumprod", "Refiner switch at", "Token merging ratio hr", "Score", "Embeddings"),
        *("Diffusion in Low Bits", "Cross-attention", "CFG true", "Performance", "Metadata Scheme", "Full Prompt"),
    )
)
"""Settings that say nothing of how the image is computed, or that stand beside one that is told."""
BEGINNINGS = (
    "Hires ",
    "Module ",
    "ADetailer ",
    "ControlNet ",
    "RP ",
    "FreeU ",
    "AddNet ",
    "Dynamic thresholding ",
    "Sigma ",
    "Schedule m",
)


def read(texts: ImageTexts) -> ImageSettings | None:
    """Read a text of settings out of an image; None where it has none."""
    text = next((text for text in texts if is_infotext(text)), "")
    if not text:
        return None
    return settings_of(text)


def settings_of(text: str) -> ImageSettings:
    """Return what a text of settings says."""
    info = parse(text)
    pairs = info.pairs
    found = ImageSettings(_program(info, text), text)
    found.adapters, found.prompt, found.negative = _adapters(info)
    found.adapters = found.adapters or _listed(pairs)
    found.adapters += _additional(pairs)
    found.model, found.model_hash = pairs.get("Model", ""), pairs.get("Model hash", "").replace("unknown", "")
    embeddings = _add_resources(found, pairs.get("Civitai resources", ""))
    found.dialect = EMPHASIS.get(pairs.get("Emphasis", ""), "A1111")
    if found.program in (COMFYUI,):
        found.dialect = "ComfyUI"
    found.seed, found.noise = whole(pairs.get("Seed")), _noise(found.program, pairs)
    found.steps = whole(pairs.get("Steps"), 0) or 0
    found.sampler, found.spacing = pairs.get("Sampler", ""), pairs.get("Schedule type", "")
    found.spacing = found.spacing or pairs.get(SPACED, "")
    found.guidance = number(pairs.get("CFG scale"))
    found.distilled_guidance = number(pairs.get("Distilled CFG Scale") or pairs.get("Guidance"))
    found.shift = number(pairs.get("Shift"))
    found.rescale = number(pairs.get("CFG Rescale") or pairs.get("CFG rescale φ"), 0.0) or 0.0
    found.width, found.height = pixels(pairs.get("First pass size") or pairs.get("Size", ""))
    found.vae = "" if pairs.get("VAE", "").lower() in USUAL_VAES else pairs.get("VAE", "")
    found.modules = [value for key, value in pairs.items() if key.startswith("Module ")]
    found.clip_skip = max(whole(pairs.get("Clip skip"), 0) or 0, 0)
    found.embeddings = hashes(pairs.get("TI hashes", ""))
    found.variation_seed = whole(pairs.get("Variation seed"))
    strength = pairs.get("Variation seed strength") or pairs.get("Variation strength")
    found.variation = number(strength, 0.0) or 0.0
    found.noise_from = pixels(pairs.get("Seed resize from", ""))
    found.eta = number(pairs.get("Eta") or pairs.get("Eta DDIM"))
    found.seed_delta = whole(pairs.get("ENSD"), 0) or 0
    found.second = _second(pairs)
    strength_of_image = number(pairs.get("Denoising strength") or pairs.get("Denoising Strength"))
    found.strength = strength_of_image if found.second is None else None
    if found.program == KRITA:
        found.strength = None if found.strength == 1 else found.strength
        found.sampler = found.sampler.rpartition(" - ")[2]  # a style's name, then its sampler's
    found.left_out = list(dict.fromkeys(words for key, words in BESIDE.items() if key in pairs))
    if found.second is not None and not any(key in pairs for key in STRENGTHS):
        found.left_out.append(UNSAID)
    unset = (key for key in pairs if key.startswith(("Sigma ", "Schedule m")))
    found.left_out += [f"{key} {pairs[key]} is not set here" for key in unset]
    found.left_out += [
        f"the embedding {name} was at work; write embedding:NAME into the text to use it" for name in embeddings
    ]
    found.left_out += unread(pairs, READ | TOLD | BESIDE.keys(), BEGINNINGS)
    return found


def _program(info: Infotext, text: str) -> str:
    pairs, version = info.pairs, info.pairs.get("Version", "")
    if pairs.get("App") == SD_NEXT or re.fullmatch(r"[0-9a-f]{7}", version):
        return SD_NEXT
    if version.startswith(OURS):
        return OURS
    if version in (CPP, COMFYUI):
        return version
    if version.startswith("Fooocus"):
        return FOOOCUS
    if version.startswith("f1."):
        return REFORGE
    if version.startswith(("f", "classic", "neo")):
        return FORGE
    if "Civitai resources" in pairs or "Civitai metadata" in pairs:
        return CIVITAI
    return KRITA if pairs.get("Model hash") == "unknown" and not version else A1111


def _noise(program: str, pairs: dict[str, str]) -> NoiseSource:
    """A1111 draws on the card and never says so; others say what they do, or draw on the CPU."""
    said = pairs.get("RNG", "").upper()
    if said in ("CPU", "NV", "GPU", "CUDA"):
        return "GPU" if said == "CUDA" else said  # type: ignore[return-value]
    if program in (FOOOCUS, COMFYUI, KRITA, CIVITAI):
        return "batch"
    return "GPU" if program in (A1111, FORGE, REFORGE, CPP) else "CPU"


def _adapters(info: Infotext) -> tuple[list[AdapterSetting], str, str]:
    """LoRAs that tags in the prompts name, and the prompts without them."""
    known = hashes(info.pairs.get("Lora hashes", ""))
    found: list[AdapterSetting] = []

    def take(tag: re.Match[str]) -> str:
        if tag[1] != "hypernet":
            found.append(_adapter(tag[2].strip(), tag[3].lstrip(":"), known.get(tag[2].strip(), "")))
        return ""

    return found, TAG.sub(take, info.prompt).strip(), TAG.sub(take, info.negative).strip()


def _listed(pairs: dict[str, str]) -> list[AdapterSetting]:
    """LoRAs that stand with their weights beside the prompt, as Fooocus writes them."""
    digits, weights = hashes(pairs.get("Lora hashes", "")), hashes(pairs.get("Lora weights", ""))
    return [
        AdapterSetting(name, number(weight, 1.0) or 0.0, None, digits.get(name, "")) for name, weight in weights.items()
    ]


def _additional(pairs: dict[str, str]) -> list[AdapterSetting]:
    """LoRAs that an older extension puts on beside the prompt: ``AddNet Model 1: name(hash)`` and its weights."""
    found: list[AdapterSetting] = []
    for key, said in pairs.items():
        at = key.removeprefix("AddNet Model ")
        if at == key or pairs.get("AddNet Enabled") != "True":
            continue
        name, _, digits = said.removesuffix(")").rpartition("(")
        weights = [number(pairs.get(f"AddNet Weight {part}{at}")) for part in ("A ", "B ", "")]
        weight = next((one for one in (weights[0], weights[2]) if one is not None), 1.0)
        text = weight if weights[1] is None else weights[1]
        found.append(AdapterSetting(name or said, weight, None if text == weight else text, digits if name else ""))
    return found


def _adapter(name: str, rest: str, digits: str) -> AdapterSetting:
    """The first number is for the text encoder, the second, else the same, for the network; or they are named."""
    parts = [part.strip() for part in rest.split(":") if part.strip()]
    named = dict(part.split("=", 1) for part in parts if "=" in part)
    plain = [number(part, 1.0) or 0.0 for part in parts if "=" not in part]
    text = number(named.get("te"), plain[0] if plain else 1.0)
    weight = number(named.get("unet"), plain[1] if len(plain) > 1 else text)
    return AdapterSetting(name, 1.0 if weight is None else weight, None if text == weight else text, digits)


def _add_resources(found: ImageSettings, text: str) -> list[str]:
    """Civitai lists LoRAs by the ids of its pages; none of them stands in the prompt. Returns its embeddings."""
    try:
        listed: Any = json.loads(text)
    except ValueError:
        return []
    embeddings: list[str] = []
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, dict):
            continue
        name = str(one.get("modelName") or one.get("air") or f"civitai version {one.get('modelVersionId', '')}")
        kind = str(one.get("type", "")).lower()
        if kind in ("lora", "lycoris", "locon", "dora"):
            found.adapters.append(AdapterSetting(name, number(one.get("weight"), 1.0) or 0.0))
        elif kind in ("checkpoint", "model") and not found.model:
            found.model = name
        elif kind in ("embed", "embedding", "textualinversion"):
            embeddings.append(name)
    return embeddings


def _second(pairs: dict[str, str]) -> SecondPass | None:
    """The pass over the enlarged image, where any setting tells of one."""
    if not any(key.startswith("Hires ") for key in pairs) and "First pass size" not in pairs:
        return None
    strength = next((one for key in STRENGTHS if (one := number(pairs.get(key))) is not None), None)
    found = SecondPass(USUAL_STRENGTH if strength is None else strength)
    factor = pairs.get("Hires scale") or pairs.get("Hires upscale")  # of one program the name of the upscaler
    found.scale = number(factor, 0.0) or 0.0
    found.width, found.height = pixels(pairs.get("Hires resize") or pairs.get("Hires size") or "")
    if "First pass size" in pairs and not found.width:
        found.width, found.height = pixels(pairs.get("Size", ""))
    found.steps = whole(pairs.get("Hires steps"), 0) or 0
    upscale = pairs.get("Hires upscale", "")
    found.upscaler = pairs.get("Hires upscaler") or (upscale if number(upscale) is None else "")
    found.sampler, found.spacing = pairs.get("Hires sampler", ""), pairs.get("Hires schedule type", "")
    found.guidance = number(pairs.get("Hires CFG Scale"), 0.0) or 0.0
    found.prompt, found.negative = pairs.get("Hires prompt", ""), pairs.get("Hires negative prompt", "")
    found.model = pairs.get("Hires checkpoint", "").replace("Use same checkpoint", "")
    if not (found.scale or found.width or side(pairs.get("Hires resize-1"))):
        found.scale = 2.0
    return found
