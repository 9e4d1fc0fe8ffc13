"""LoRAs on the network that denoises, as diffusers and peft name what they change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nodeflow.node import NodeError
from nodes.comfyui.export.exporter import CannotExportError
from nodes.loaders.adapters.settings import of_header
from nodes.script.functions.flat_names import flat_name
from nodes.script.headers import ChangeableLayers, header_of
from nodes.script.models import STARTER, ScriptNetwork, model_file, model_folder, model_place
from nodes.script.pieces import literal
from nodes.script.writer import Function, Made, Writer

WEIGHTS = "pytorch_lora_weights.safetensors"
OF_PEFT = "adapter_model.safetensors"
"""A file whose settings stand in another."""
CHANGE = re.compile(r"([a-z_]+)\.(.+)\.(?:(lora_A|lora\.down|lora_B|lora\.up)\.weight|alpha)")
FLAT, OF_TEXTS = "lora_unet_", ("lora_te_", "lora_te1_", "lora_te2_")
"""What stands before kohya's names of a network's layers, and of text encoders'."""
SIDES = "lora_down", "lora_up", "alpha"
FIRST = "lora_A", "lora.down"
"""Names of the matrix that reads what a layer is given."""


def lora(writer: Writer, name: str, _: str) -> Made:
    network = writer.input(name, "unet")
    if writer.plain(name, "blocks"):
        raise CannotExportError(f"{name} gives some blocks a factor of their own, which is not written")
    if writer.plain(name, "start") > 0 or writer.plain(name, "end") < 1:
        raise CannotExportError(f"{name} acts in a part of the steps, which is not written")
    if not isinstance(network.about, ScriptNetwork) or network.about.layers is None or "(" in network.code:
        raise CannotExportError(f"{name} is put on a network of several parts or of another kind, which is not written")
    given = writer.use("WithLora"), network.code, _pairs(writer, name, network), writer.value(name, "weight")
    return Made(writer.assign(name, "lora", *given), replace(network.about, adapted=True))


def _pairs(writer: Writer, name: str, network: Made) -> str:
    """The name of what a file holds. Raises CannotExportError for one that is not written."""
    file, layers = _file(str(writer.plain(name, "lora")), name), network.about.layers
    if is_flat(file):
        check_flat(file, layers, name)
        return writer.assign(name, "pairs", writer.use("load_flat_lora"), literal(str(file)), network.code)
    alpha = alpha_of(file, layers, name)

    def load() -> Made:
        said = None if alpha is None else literal(alpha)
        return Made(writer.assign(name, "pairs", writer.use("load_lora"), literal(str(file)), alpha=said))

    return writer.shared(("lora", str(file)), load).code


def is_flat(file: Path) -> bool:
    """Whether a file names layers as kohya's trainer does."""
    return any(key.startswith(FLAT) for key in header_of(file))


def check_flat(file: Path, network: ChangeableLayers, name: str) -> None:
    """Raise CannotExportError for a file of kohya's that holds something else than LoRAs of a network's layers."""
    known = {layer.removesuffix(".weight").replace(".", "_") for layer in network.weights()}
    sides: dict[str, set[str]] = {}
    for key in header_of(file):
        layer, _, side = key.removesuffix(".weight").rpartition(".")
        if key == "__metadata__" or layer.startswith(OF_TEXTS):
            continue
        if not layer.startswith(FLAT) or side not in SIDES:
            raise CannotExportError(
                f"{name} loads {file.name}, which holds {key}: of kohya's files scripts load LoRAs alone"
            )
        if (bare := flat_name(layer.removeprefix(FLAT))) not in known:
            raise CannotExportError(
                f"{name} loads {file.name}, which changes {bare}, and this network has no layer that diffusers calls so"
            )
        sides.setdefault(bare, set()).add(side)
    for layer, both in sides.items():
        if not both >= set(SIDES[:2]):
            raise CannotExportError(
                f"{name} loads {file.name}, which holds one matrix of two for {layer}; save it again"
            )


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
