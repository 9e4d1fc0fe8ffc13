"""What is put on a network: ControlNets and LoRAs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import Denoises
from nodes.script.families import FAMILIES
from nodes.script.family_nodes import control as control_of_transformer
from nodes.script.models import Folder, ScriptPart, model_folder
from nodes.script.pieces import literal
from nodes.script.writer import Function, Made, Writer

WEIGHTS = "pytorch_lora_weights.safetensors"
MAX_HEADER = 1 << 24
PAIRS = re.compile(r"unet\..*\.(lora_A|lora_B|lora\.down|lora\.up)\.weight")


def load_controlnet(writer: Writer, name: str, _: str) -> Made:
    folder = Folder(writer, name)
    config = folder.config("")
    kind = str(config.get("_class_name"))
    if kind not in ("ControlNetModel", *(family.control for family in FAMILIES if family.control)):
        raise CannotExportError(f"{name} holds {kind}, which scripts do not load")
    return Made(folder.part(ScriptPart("", "diffusers", kind)), config)


def control(writer: Writer, name: str, _: str) -> Made:
    denoiser, net, image = (writer.input(name, key) for key in ("denoiser", "controlnet", "image"))
    found: Denoises = denoiser.about
    if writer.plain(name, "counted") != "steps":
        raise CannotExportError(f"{name} counts its share in trained timesteps, which is not written")
    if found.network.family:
        return control_of_transformer(writer, name, denoiser, net, image)
    if found.function not in ("text_unet", "controlled_unet"):
        raise CannotExportError(f"{name} leads another network than a text-led U-Net, which is not written")
    told = (writer.value(name, key) for key in ("strength", "start", "end"))
    controls = (*found.controls, writer.grouped(name, "lead", net.code, image.code, *told))
    line = writer.bound(name, "", "controlled_unet", found.code, f"[{', '.join(controls)}]")
    return Made(line, replace(found, function="controlled_unet", controls=controls))


def lora(writer: Writer, name: str, _: str) -> Made:
    network = writer.input(name, "unet")
    if "(" in network.code or writer.plain(name, "blocks"):
        raise CannotExportError(f"{name} gives some blocks a factor of their own, which is not written")
    if writer.plain(name, "start") > 0 or writer.plain(name, "end") < 1:
        raise CannotExportError(f"{name} acts in a part of the steps, which is not written")
    if network.about is None or network.about.adapted:
        raise CannotExportError(f"{name} is put on a network that has a LoRA already, which is not written")
    place = model_folder(str(writer.plain(name, "lora")), name)
    file = place / WEIGHTS if place.is_dir() else place
    if not _is_plain(file):
        raise CannotExportError(f"{name} loads a file that is no LoRA in diffusers' own names for a U-Net")

    def load() -> Made:
        return Made(writer.assign(name, "pairs", writer.use("load_lora"), literal(str(file))))

    pairs = writer.shared(("lora", str(file)), load).code
    weight = writer.value(name, "weight")
    return Made(
        writer.bound(name, "lora", "with_lora", network.code, pairs, weight), replace(network.about, adapted=True)
    )


def _is_plain(path: Path) -> bool:
    """Whether a file holds nothing but pairs of matrices, whose names diffusers and peft know."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, MAX_HEADER)))
    except (OSError, ValueError):
        return False
    if not isinstance(header, dict) or "alpha" in str(header.pop("__metadata__", "")):
        return False
    return bool(header) and all(PAIRS.fullmatch(name) for name in header)


CONTROLS: dict[str, Function] = {"load_controlnet": load_controlnet, "control": control, "apply_lora": lora}
