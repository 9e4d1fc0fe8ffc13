"""Control-LoRAs (Stability AI 2023): a ControlNet as the difference of low rank from the U-Net that it leads."""

from __future__ import annotations

import copy
import inspect
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Adapter, LayerChange, WeightUpdate
from nodes.denoisers.unet_controls import UNKNOWN
from nodes.loaders.adapters.algebra.low_rank import LowRank
from nodes.loaders.adapters.algebra.reading import Misfit, in_shape
from nodes.loaders.adapters.families import network_family
from nodes.loaders.adapters.names.unet import original_names
from nodes.loaders.families.controlnet.controlnet_network import DiffusersControlNet
from nodes.loaders.quantised.finite import is_finite
from nodes.loaders.quantised.open_file import open_weights
from nodes.loaders.read.accounting import refuse_unused
from nodes.loaders.read.parts import ready
from nodes.loaders.read.training_leftovers import AVERAGES, BUFFERS
from nodes.networks.layer_call import is_linear_map, weight_shape
from nodes.networks.low_rank import adapted

MARK = "lora_controlnet"
"""A tensor that says what the file is."""
HINT = "input_hint_block."
LAST_HINT = 14
"""The number of the last layer that reads the control image, in its original name."""
HALVINGS = 3
"""Of the control image, up to a latent cell; each stands behind a layer that keeps its size."""
PLAIN = torch.float32, torch.float16, torch.bfloat16
"""Precisions that are computed in as they are."""
HOOKS = "_forward_hooks", "_forward_pre_hooks", "_forward_hooks_with_kwargs", "_forward_pre_hooks_with_kwargs"


@dataclass(frozen=True, eq=False)
class ChangedControlNet(DiffusersControlNet):
    """A ControlNet whose weights are a U-Net's, with what an adapter changes of them while it computes."""

    adapter: Adapter

    def call(self, x: Tensor, timestep: Tensor, tokens: Tensor, picture: Tensor, strength: float, told: Any) -> Any:
        with adapted(self.module, (self.adapter,)):
            return super().call(x, timestep, tokens, picture, strength, told)


@dataclass(frozen=True, eq=False)
class ControlLoRA:
    """The file of one: tensors by the original name of their layer, and by what they are (weight, bias, up, down)."""

    name: str
    layers: Mapping[str, Mapping[str, Tensor]]
    downscale: int
    dtype: torch.dtype

    @property
    def covered(self) -> float | None:
        return UNKNOWN

    def of_unet(self, unet: Any, kind: str) -> ChangedControlNet:
        """The ControlNet that it is beside a U-Net, whose weights it shares. Raises NodeError for another's."""
        from diffusers import ControlNetModel

        config = {key: unet.config[key] for key in inspect.signature(ControlNetModel).parameters if key in unet.config}
        with torch.device("meta"):
            module = ControlNetModel(**{**config, **self._hint()})
        names = {theirs: ours for ours, theirs in original_names(unet)} | _own_names(module)
        layers = dict(unet.named_modules())
        changes: dict[str, LayerChange] = {}
        for layer, parts in self.layers.items():
            name = names.get(layer, "")
            if not name or not _has(module, name):
                raise self._misfit(unet, layer)
            self._check_bias(unet, layer, parts, module.get_submodule(name))
            _put(module, name, self._layer(unet, layer, parts, layers.get(name), module.get_submodule(name)))
            if change := self._change(unet, layer, parts, layers.get(name)):
                changes[name] = change
        for name, layer in list(module.named_modules()):
            if any(weight.is_meta for weight in layer.parameters(recurse=False)):
                if name not in layers:
                    raise NodeError(f"{self.name} lacks {name} of a Control-LoRA; it was not saved whole")
                _put(module, name, shared(layers[name]))
        return ChangedControlNet(ready(module), self.downscale, Adapter(changes, 1.0))

    def _hint(self) -> dict[str, Any]:
        """How the control image is read, told from the file."""
        first = self.layers[f"{HINT}0"]["weight"]
        halved = (self.layers[f"{HINT}{4 * n + 4}"]["weight"] for n in range(HALVINGS))
        return {
            "conditioning_channels": first.shape[1],
            "conditioning_embedding_out_channels": (len(first), *map(len, halved)),
        }

    def _check_bias(self, unet: Any, layer: str, parts: Mapping[str, Tensor], empty: Any) -> None:
        """Raise NodeError where a layer's bias does not fit, or is missing."""
        given, wanted = parts.get("bias"), getattr(empty, "bias", None)
        if given is None and wanted is not None:
            raise NodeError(f"{self.name} lacks {layer}.bias of a Control-LoRA; it was not saved whole")
        if given is not None and (wanted is None or given.shape != wanted.shape):
            raise self._misfit(unet, layer)

    def _layer(self, unet: Any, layer: str, parts: Mapping[str, Tensor], theirs: Any, empty: Any) -> Any:
        """A layer of the ControlNet: the file's own where it has a whole weight, else the U-Net's."""
        if "weight" not in parts:
            return shared(theirs)
        if tuple(parts["weight"].shape) != weight_shape(empty):
            raise self._misfit(unet, layer)
        empty.load_state_dict({name: value.to(self.dtype) for name, value in parts.items()}, assign=True)
        return empty

    def _change(self, unet: Any, layer: str, parts: Mapping[str, Tensor], theirs: Any) -> LayerChange | None:
        """What the file changes of a layer of the U-Net. Raises NodeError where it does not fit."""
        if "weight" in parts:
            return None
        updates: tuple[WeightUpdate, ...] = ()
        if "up" in parts:
            updates = (self._low_rank(unet, layer, parts["down"], parts["up"], theirs),)
        bias = parts.get("bias")
        if bias is not None:
            bias = bias.float() - theirs.bias.detach().float().to(bias.device)
        return LayerChange(updates, bias)

    def _low_rank(self, unet: Any, layer: str, down: Tensor, up: Tensor, theirs: Any) -> LowRank:
        """The product of two factors. Raises NodeError where they do not fit."""
        if not (is_linear_map(theirs) and down.ndim):
            raise self._misfit(unet, layer)
        rank, (outputs, *inputs) = len(down), weight_shape(theirs)
        try:
            return LowRank(in_shape(down, rank, *inputs), in_shape(up, outputs, rank), 1.0)
        except Misfit:
            raise self._misfit(unet, layer) from None

    def _misfit(self, unet: Any, layer: str) -> NodeError:
        family = network_family(unet)
        return NodeError(
            f"{self.name} is a Control-LoRA of another model: its layer {layer} does not fit this network ({family}); "
            f"choose one for {family}"
        )


def load_control_lora(path: Path, dtype: torch.dtype) -> ControlLoRA:
    """Raises NodeError for damaged files, and for weights that have no place in one."""
    weights = open_weights(path)
    layers: dict[str, dict[str, Tensor]] = {}
    strange = []
    for name, value in weights.items():
        layer, _, part = name.rpartition(".")
        if part in ("weight", "bias", "up", "down"):
            if not isinstance(value, Tensor):
                raise NodeError(f"{path.name} is quantised, and Control-LoRAs are read in half or full precision alone")
            if value.numel() == 0:
                raise NodeError(f"{path.name} holds {name} without any number; it was not saved whole")
            if not value.is_floating_point():
                raise NodeError(
                    f"{path.name} holds {name} in whole numbers, and nothing in it says how they are scaled; take one "
                    "in half or full precision"
                )
            if not is_finite(value):
                raise NodeError(
                    f"{path.name} holds {name} with numbers that are none (NaN) or infinite; take another file"
                )
            layers.setdefault(layer, {})[part] = value.to(dtype) if value.dtype not in PLAIN else value
        elif name != MARK:
            strange.append(name)
    refuse_unused(path.name, strange, (BUFFERS, AVERAGES), weights)
    halves = next((one for one, parts in layers.items() if ("up" in parts) != ("down" in parts)), None)
    if halves is not None:
        raise NodeError(f"{path.name} has one of the two factors of {halves} alone; it was not saved whole")
    both = next((one for one, parts in layers.items() if "weight" in parts and "up" in parts), None)
    if both is not None:
        raise NodeError(f"{path.name} has both the weight and two factors of {both}, where one belongs; it was changed")
    alone = next((one for one, parts in layers.items() if "weight" not in parts and "up" not in parts), None)
    if alone is not None:
        raise NodeError(f"{path.name} has the bias of {alone} alone; it was not saved whole")
    lost = next((n for n in range(0, LAST_HINT + 1, 2) if "weight" not in layers.get(f"{HINT}{n}", ())), None)
    if lost is not None:
        raise NodeError(f"{path.name} lacks {HINT}{lost}.weight of a Control-LoRA; it was not saved whole")
    return ControlLoRA(path.name, layers, 2**HALVINGS, dtype)


def shared(layer: Any) -> Any:
    """A second layer with the same weights in the same memory, which is hooked and moved by itself."""
    twin = copy.copy(layer)
    for hooks in HOOKS:
        setattr(twin, hooks, OrderedDict())
    twin._parameters = {
        name: None if weight is None else torch.nn.Parameter(weight.data, requires_grad=False)
        for name, weight in layer._parameters.items()
    }
    twin._buffers = dict(layer._buffers)
    twin._modules = {name: None if inner is None else shared(inner) for name, inner in layer._modules.items()}
    return twin


def _own_names(module: Any) -> dict[str, str]:
    """Layers that a ControlNet has besides, by their original names."""
    hint = "controlnet_cond_embedding."
    found = {f"{HINT}0": f"{hint}conv_in", f"{HINT}{LAST_HINT}": f"{hint}conv_out"}
    found |= {f"{HINT}{2 * n + 2}": f"{hint}blocks.{n}" for n in range(len(module.controlnet_cond_embedding.blocks))}
    found |= {f"zero_convs.{n}.0": f"controlnet_down_blocks.{n}" for n in range(len(module.controlnet_down_blocks))}
    return {**found, "middle_block_out.0": "controlnet_mid_block"}


def _has(module: Any, name: str) -> bool:
    try:
        module.get_submodule(name)
    except AttributeError:
        return False
    return True


def _put(module: Any, name: str, layer: Any) -> None:
    holder, _, last = name.rpartition(".")
    setattr(module.get_submodule(holder), last, layer)
