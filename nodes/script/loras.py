"""LoRAs on the network that denoises, as diffusers and peft name what they change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nodeflow.node import NodeError
from nodes.comfyui.export.exporter import CannotExportError
from nodes.loaders.adapters.settings import of_header
from nodes.script.headers import ChangeableLayers, header_of
from nodes.script.models import STARTER, ScriptNetwork, model_file, model_folder, model_place
from nodes.script.pieces import literal
from nodes.script.writer import Function, Made, Writer

WEIGHTS = "pytorch_lora_weights.safetensors"
OF_PEFT = "adapter_model.safetensors"
"""A file whose settings stand in another."""
CHANGE = re.compile(r"([a-z_]+)\.(.+)\.(?:(lora_A|lora\.down|lora_B|lora\.up)\.weight|alpha)")
FIRST = "lora_A", "lora.down"
"""Names of the matrix that reads what a layer is given."""


def lora(writer: Writer, name: str, _: str) -> Made:
    network = writer.input(name, "unet")
    if writer.plain(name, "blocks"):
        raise CannotExportError(f"{name} gives some blocks a factor of their own, which is not written")
    if writer.plain(name, "start") > 0 or writer.plain(name, "end") < 1:
        raise CannotExportError(f"{name} acts in a part of the steps, which is not written")
    if not isinstance(network.about, ScriptNetwork) or network.about.adapted:
        raise CannotExportError(f"{name} is put on a network that has a LoRA already, which is not written")
    if network.about.layers is None or "(" in network.code:
        raise CannotExportError(f"{name} is put on a network of several parts or of another kind, which is not written")
    file = _file(str(writer.plain(name, "lora")), name)
    alpha = alpha_of(file, network.about.layers, name)

    def load() -> Made:
        said = None if alpha is None else literal(alpha)
        return Made(writer.assign(name, "pairs", writer.use("load_lora"), literal(str(file)), alpha=said))

    pairs = writer.shared(("lora", str(file)), load).code
    given = writer.use("WithLora"), network.code, pairs, writer.value(name, "weight")
    return Made(writer.assign(name, "lora", *given), replace(network.about, adapted=True))


def _file(model: str, name: str) -> Path:
    """The file of a LoRA. Raises CannotExportError where there is none on this computer."""
    if model.startswith(STARTER):
        return model_folder(model, name) / WEIGHTS
    place = model_place(model)
    return place.absolute() / WEIGHTS if (place / WEIGHTS).is_file() else model_file(model, name)


def alpha_of(file: Path, network: ChangeableLayers, name: str) -> float | None:
    """What a LoRA's file says for all of its layers: how much counts of each, times its rank; None where it does not.

    Raises CannotExportError for a file of anything else, and for one that was made for another network.
    """
    header = header_of(file)
    told = header.pop("__metadata__", None) or {}
    if file.name == OF_PEFT:
        raise CannotExportError(
            f"{name} loads a LoRA whose settings stand in adapter_config.json, which is not written"
        )
    sides: dict[str, set[str]] = {}
    for key in header:
        match = CHANGE.fullmatch(key)
        if match is None or match[1] != network.part:
            raise CannotExportError(
                f"{name} loads {file.name}, which holds {key}: scripts load LoRAs of the {network.part} alone, by the "
                "names that diffusers and peft give its layers"
            )
        sides.setdefault(match[2], set()).add("A" if match[3] in FIRST else "B" if match[3] else "alpha")
    inside = network.weights()
    for layer, both in sides.items():
        if f"{layer}.weight" not in inside:
            raise CannotExportError(
                f"{name} loads {file.name}, which changes {layer}, and this network has no such layer"
            )
        if not both >= {"A", "B"}:
            raise CannotExportError(
                f"{name} loads {file.name}, which holds one matrix of two for {layer}; save it again"
            )
    if not sides:
        raise CannotExportError(f"{name} loads {file.name}, which holds no LoRA that can be read")
    return _said(told, network.part, file, name)


def _said(told: Mapping[str, str], part: str, file: Path, name: str) -> float | None:
    """The one alpha in a file's header. Raises CannotExportError where it says another thing of how LoRAs count."""
    try:
        found = of_header(told, part, file.name)
    except NodeError as error:
        raise CannotExportError(f"{name} loads a LoRA that is not read: {error}") from None
    if found.root or found.decomposed or found.alphas or found.ranks:
        raise CannotExportError(f"{name} loads a LoRA whose layers count in ways of their own, which is not written")
    return found.alpha


LORAS: dict[str, Function] = {"apply_lora": lora}
