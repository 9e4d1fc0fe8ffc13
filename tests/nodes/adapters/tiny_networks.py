"""Small networks for adapters, files for them, and what their layers give."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from nodeflow.wires import Adapter
from nodes.loaders.adapters.adapter_file import read_adapter_file
from nodes.loaders.adapters.reader import for_network
from nodes.networks.layer_call import is_linear_map
from nodes.networks.low_rank import adapted


class Layers(nn.Module):
    """A linear layer, two convolutions and a norm; adapters reach them by their names."""

    def __init__(self) -> None:
        super().__init__()
        self.lin = nn.Linear(12, 8)
        self.conv = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.point = nn.Conv2d(6, 8, 1, bias=False)
        self.norm = nn.GroupNorm(2, 8)


def drawn(*shape: int, std: float = 0.3, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed + sum(shape))) * std


def layers() -> Layers:
    torch.manual_seed(0)
    return Layers().requires_grad_(False)


def write(folder: Path, tensors: Mapping[str, Tensor], name: str = "a.safetensors", **metadata: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: value.clone().contiguous() for key, value in tensors.items()}, path, metadata or None)
    return path


def adapter(path: Path, network: Any, weight: float = 1.0) -> Adapter:
    return Adapter(for_network(read_adapter_file(path), network), weight)


def merged(network: Any, changes: Mapping[str, Tensor], weight: float = 1.0) -> Any:
    """A copy whose parameters, by name, have these added so often."""
    made = copy.deepcopy(network)
    parameters = dict(made.named_parameters())
    for name, change in changes.items():
        parameters[name].data += weight * change.reshape(parameters[name].shape)
    return made


def outputs(network: Any, *adapters: Adapter) -> dict[str, Tensor]:
    """What each layer of a network gives for an input of its own."""
    found = {}
    with adapted(network, adapters), torch.no_grad():
        for name, layer in network.named_modules():
            weight = getattr(layer, "weight", None)
            if isinstance(weight, Tensor) and name:
                found[name] = layer(_input(layer, weight))
    return found


def _input(layer: Any, weight: Tensor) -> Tensor:
    if isinstance(layer, nn.Embedding):
        return torch.arange(min(len(weight), 5))[None]
    if weight.ndim == 4:
        return drawn(2, weight.shape[1], 6, 6, std=1, seed=5)
    if is_linear_map(layer):
        return drawn(2, 3, weight.shape[1], std=1, seed=5)
    if isinstance(layer, nn.GroupNorm):
        return drawn(2, len(weight), 6, 6, std=1, seed=5)
    return drawn(2, 3, len(weight), std=1, seed=5)


def assert_same(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(
            found[name], value, atol=1e-5, rtol=1e-5, msg=lambda text, name=name: f"{name}: {text}"
        )
