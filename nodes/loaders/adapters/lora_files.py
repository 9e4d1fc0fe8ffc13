"""LoRA files for Stable Diffusion 1, 2 and XL: as diffusers, peft or kohya's trainer save them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.read.folder_files import damaged, first_line, read_json

PATTERNS = ["pytorch_lora_weights.safetensors", "adapter_model.safetensors", "adapter_config.json"]
"""What is fetched from the hub."""
PEFT_PREFIX = "base_model.model."
METADATA = "lora_adapter_metadata"
TEXT_PARTS = ("self_attn.", "mlp.fc")
"""What the layers of a text encoder are called, and no others."""
Layers = dict[str, tuple[Tensor, Tensor]]


def read_lora(path: Path, part: str, module: Any) -> Layers:
    """The factors A and B for the layers of a ``module``, the model's ``part``: unet, text_encoder or text_encoder_2.

    The ratio of alpha to rank is in B already. Raises NodeError for a file that is damaged, of another kind, or made
    for another model. Empty where the file holds nothing for this part.
    """
    file = _file(path)
    weights, metadata = _read(file)
    if any(name.startswith(PEFT_PREFIX) for name in weights):
        found = _as_named(module, _of_peft(weights, part))
        config = read_json(file.parent / "adapter_config.json", "peft saves an adapter_config.json beside its weights")
        if config.get("use_dora"):
            raise NodeError(f"{file.name} is a DoRA, which is more than a LoRA; this node cannot add it")
        ranks = float(config["r"]) ** (0.5 if config.get("use_rslora") else 1.0)
        scale = float(config["lora_alpha"]) / ranks
    else:
        found, scale = _as_named(module, _of_diffusers(file, _with_alphas(weights), part, module)), 1.0
        settings = json.loads(metadata.get(METADATA, "{}"))
        if f"{part}.lora_alpha" in settings and f"{part}.r" in settings:
            scale = settings[f"{part}.lora_alpha"] / settings[f"{part}.r"]
    return {name: _factors(file, module, name, found, scale) for name in _layers(file, found)}


def _file(path: Path) -> Path:
    if path.is_file():
        return path
    known = (path / name for name in PATTERNS if name.endswith(".safetensors"))
    file = next((one for one in known if one.is_file()), None)
    if file is None:
        raise NodeError(f"{path.name} holds no LoRA (no {PATTERNS[0]} and no {PATTERNS[1]}); choose a file instead")
    return file


def _read(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as opened:
            weights = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (it is no mapping)
            return weights, opened.metadata() or {}
    except (SafetensorError, OSError):
        raise damaged(file) from None


def _of_peft(weights: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    """Of the network that peft wrapped, which the names of its layers tell."""
    stripped = {name.removeprefix(PEFT_PREFIX): value for name, value in weights.items()}
    text = any(known in name for name in stripped for known in TEXT_PARTS)
    return stripped if part == ("text_encoder" if text else "unet") else {}


def _with_alphas(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without the alphas that kohya's trainer writes beside each layer's factors: alpha / rank is in B instead."""
    alphas = {name.removesuffix(".alpha"): float(value) for name, value in weights.items() if name.endswith(".alpha")}
    found = {}
    for name, value in weights.items():
        layer, _, kind = name.partition(".lora_")
        if kind in ("up.weight", "B.weight") and layer in alphas:
            found[name] = value.float() * (alphas[layer] / value.shape[1])
        elif not name.endswith(".alpha"):
            found[name] = value
    return found


def _of_diffusers(file: Path, weights: dict[str, Tensor], part: str, module: Any) -> dict[str, Tensor]:
    """By diffusers' own converters, which know kohya's names too, those of XL's blocks among them."""
    from diffusers import StableDiffusionPipeline
    from diffusers.utils import convert_state_dict_to_diffusers, convert_state_dict_to_peft
    from diffusers.utils.state_dict_utils import convert_unet_state_dict_to_peft

    if any("dora_scale" in name or "lora_magnitude_vector" in name for name in weights):
        raise NodeError(f"{file.name} is a DoRA, which is more than a LoRA; this node cannot add it")
    try:
        state, _ = StableDiffusionPipeline.lora_state_dict(
            weights, unet_config=module.config if part == "unet" and module.config.addition_embed_type else None
        )
        if not any(name.startswith(("unet.", "text_encoder.", "text_encoder_2.")) for name in state):
            state = {f"unet.{name}": value for name, value in state.items()}
        own = {n.removeprefix(f"{part}."): value for n, value in state.items() if n.startswith(f"{part}.")}
        if own:
            own = (
                convert_unet_state_dict_to_peft(own)
                if part == "unet"
                else convert_state_dict_to_peft(convert_state_dict_to_diffusers(own))
            )
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise NodeError(f"{file.name} is no LoRA that diffusers can read ({first_line(error)})") from None
    return own


def _as_named(module: Any, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """With ``text_model.`` before the layers where the module has such a part: from transformers 5.6 on not all do."""
    prefix = "text_model." if hasattr(module, "text_model") else ""
    return {prefix + name.removeprefix("text_model."): value for name, value in state.items()}


def _layers(file: Path, found: dict[str, Tensor]) -> list[str]:
    strange = sorted(name for name in found if not name.endswith((".lora_A.weight", ".lora_B.weight")))
    if strange:
        raise NodeError(f"{file.name} holds more than a LoRA, such as {strange[0]}; this node cannot add it")
    return sorted({name.rpartition(".lora_")[0] for name in found})


def _factors(file: Path, module: Any, name: str, found: dict[str, Tensor], scale: float) -> tuple[Tensor, Tensor]:
    """A (r, ...) and ``scale`` times B (..., r)."""
    down, up = (found.get(f"{name}.lora_{letter}.weight") for letter in "AB")
    try:
        wanted = module.get_submodule(name).weight.shape
    except AttributeError:
        raise NodeError(f"{file.name} was made for another model: this one has no layer {name}") from None
    if down is None or up is None or (up.shape[0], *down.shape[1:]) != tuple(wanted):
        raise NodeError(f"{file.name} was made for another model: its layer {name} is of another size")
    return down.to(torch.float32), up.to(torch.float32) * scale
