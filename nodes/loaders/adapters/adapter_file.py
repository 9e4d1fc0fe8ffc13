"""An adapter file: its tensors by layer, and its settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from nodeflow.node import NodeError, warn
from nodes.loaders.adapters.components import EMBEDDING, adapter_name, embeddings, split
from nodes.loaders.adapters.prefixes import PEFT, LayerName, Prefix, strip
from nodes.loaders.adapters.settings import METADATA, AdapterSettings, OFTSettings, of_config, of_header
from nodes.loaders.quantised.finite import is_finite
from nodes.loaders.quantised.lost_scales import MAX_WEIGHT, largest
from nodes.loaders.read.folder_files import damaged, read_json

PEFT_FILE, PEFT_CONFIG = "adapter_model.safetensors", "adapter_config.json"
PATTERNS = ["pytorch_lora_weights.safetensors", PEFT_FILE, PEFT_CONFIG]
"""What is fetched from the hub."""
NUMBERS = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2,
)  # fmt: skip
"""Precisions of factors that stand for themselves."""
FLOAT8 = torch.float8_e4m3fn, torch.float8_e5m2
ONE_TRAINER = ("ot_branch", "ot_revision", "ot_config")
"""What OneTrainer writes into its files' headers."""


@dataclass(frozen=True, eq=False)
class FileLayer:
    """Hold what a file holds for one layer: ``parts`` are its tensors and ``keys`` their names, both by what they
    are."""

    name: LayerName
    parts: Mapping[str, Tensor]
    keys: Mapping[str, str]

    @property
    def path(self) -> str:
        return self.name.path

    @property
    def meant(self) -> Prefix:
        return self.name.meant

    @property
    def first_key(self) -> str:
        return min(self.keys.values())


@dataclass(frozen=True, eq=False)
class AdapterFile:
    """An adapter file that was read."""

    file: Path
    layers: tuple[FileLayer, ...]
    metadata: Mapping[str, str]
    embeddings: tuple[str, ...]
    _settings: dict[str, AdapterSettings] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        return self.file.name

    def settings(self, component: str) -> AdapterSettings:
        """Those for one part of a model. Raises NodeError where they cannot be read."""
        if component not in self._settings:
            self._settings[component] = self._read_settings(component)
        return self._settings[component]

    def _read_settings(self, component: str) -> AdapterSettings:
        beside = self.file.parent / PEFT_CONFIG
        of_peft = METADATA not in self.metadata and any(PEFT in layer.name.before for layer in self.layers)
        if self.file.name == PEFT_FILE or (of_peft and beside.is_file()):
            config = read_json(beside, "peft saves an adapter_config.json beside its weights")
            return of_config(config, PEFT_CONFIG)
        if of_peft:
            warn(f"{self.name} does not say its strength, which peft writes into an adapter_config.json; 1 is taken")
        found = of_header(self.metadata, component, self.name)
        return self._of_one_trainer(found) if found.oft is None else found

    def _of_one_trainer(self, found: AdapterSettings) -> AdapterSettings:
        marked = any("oft_scaled" in layer.parts for layer in self.layers)
        if marked or any(name in self.metadata for name in ONE_TRAINER):
            return AdapterSettings(oft=OFTSettings(transposed_kernels=True))
        return found


def read_adapter_file(path: Path) -> AdapterFile:
    """The adapter in a file, or in a folder that diffusers or peft saved. Raises NodeError."""
    file = _file(path)
    tensors, metadata = _read(file)
    several = sorted({adapter_name(key) for key in tensors} - {""})
    if len(several) > 1:
        listed = ", ".join(one[:40] for one in several[:3])
        raise NodeError(f"{file.name} holds several adapters ({listed}); save each in a file of its own")
    layers: dict[str, tuple[dict[str, Tensor], dict[str, str]]] = {}
    for key, tensor in tensors.items():
        if key.startswith(EMBEDDING):
            continue
        found = split(key)
        if found is None:
            raise NodeError(f"{file.name} holds {key[:120]}, which is no part of an adapter that is known here")
        if tensor.dtype not in NUMBERS and found[1] not in ("on_input", "oft_scaled", "alpha"):
            kind = str(tensor.dtype).removeprefix("torch.")
            raise NodeError(f"{file.name} stores {key[:120]} as {kind}; take one in half precision")
        if tensor.dtype in FLOAT8 and largest(tensor) > MAX_WEIGHT:
            raise NodeError(
                f"{file.name} stores {key[:120]} in float8 without the scale that belongs to it; take one in half "
                "precision"
            )
        if found[1] != "alpha" and not is_finite(tensor):  # one that does not count may be anything
            raise NodeError(
                f"{file.name} holds {key[:120]} with numbers that are none (NaN) or infinite; take another file"
            )
        parts, keys = layers.setdefault(found[0], ({}, {}))
        if found[1] in parts:
            raise NodeError(f"{file.name} holds the same factor twice, as {keys[found[1]][:120]} and as {key[:120]}")
        parts[found[1]], keys[found[1]] = tensor, key
    found_layers = tuple(FileLayer(strip(name), parts, keys) for name, (parts, keys) in sorted(layers.items()))
    _tell_lacking(file.name, found_layers, metadata)
    return AdapterFile(file, found_layers, metadata, tuple(embeddings(tensors)))


def _tell_lacking(named: str, layers: Iterable[FileLayer], metadata: Mapping[str, str]) -> None:
    """Warn where some layers of low rank lack what others have."""
    count, key = _lacking(layers, {"alpha"})
    if count and METADATA not in metadata:
        warn(f"{named} says the strength of some layers and not of {count}, such as that of {key}; 1 is taken there")
    count, key = _lacking(layers, {"dora_scale", "magnitude"})
    if count:
        warn(f"{named} has magnitudes (DoRA) for some layers and not for {count}, such as that of {key}; is it whole?")


def _lacking(layers: Iterable[FileLayer], parts: Set[str]) -> tuple[int, str]:
    """How many layers of low rank have none of these parts, and the first key of the first; 0 where all are alike."""
    scaled = [layer for layer in layers if layer.parts.keys() & {"down", "hada_w1_b"}]
    found = [layer for layer in scaled if not layer.parts.keys() & parts]
    return (len(found), found[0].first_key[:120]) if 0 < len(found) < len(scaled) else (0, "")


def _file(path: Path) -> Path:
    if path.is_file():
        return path
    known = (path / name for name in PATTERNS if name.endswith(".safetensors"))
    only = sorted(path.glob("*.safetensors"))
    file = next((one for one in known if one.is_file()), only[0] if len(only) == 1 else None)
    if file is None:
        raise NodeError(f"{path.name} holds no LoRA (no {PATTERNS[0]} and no {PATTERNS[1]}); choose a file instead")
    return file


def _read(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (it is no mapping)
            return tensors, opened.metadata() or {}
    except (SafetensorError, OSError):
        raise damaged(file) from None
