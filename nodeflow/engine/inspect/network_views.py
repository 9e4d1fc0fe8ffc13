"""Forms of networks: how large they are and where they lie."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import torch

from nodeflow.engine.cache.value_size import networks
from nodeflow.views import Table, Text, ValueView, ViewRequest


def parameters(value: Any, _: ViewRequest) -> Table:
    """Each network in a value, and its parts: parameters, bytes, precision and device."""
    rows = []
    for network in networks(value):
        rows.append(_row(type(network).__name__, network))
        parts = [(name, part) for name, part in network.named_children() if next(part.parameters(), None) is not None]
        rows += [_row(f"  {name}", part) for name, part in parts]
    return Table(("part", "parameters", "size", "precision", "device"), tuple(rows))


def weights_hash(value: Any, _: ViewRequest) -> Text:
    """SHA-256 over the names, shapes, precisions and bytes of all weights in a value."""
    lines = []
    for network in networks(value):
        found = hashlib.sha256()
        for name, tensor in sorted(network.state_dict().items()):
            found.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            found.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
        lines.append(f"{type(network).__name__}\nsha256 {found.hexdigest()}")
    return Text("\n\n".join(lines))


def _row(name: str, network: torch.nn.Module) -> tuple[str, ...]:
    tensors = [*network.parameters()]
    count = sum(tensor.numel() for tensor in tensors)
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    types = Counter(str(tensor.dtype).removeprefix("torch.") for tensor in tensors)
    places = Counter(str(tensor.device) for tensor in tensors)
    return name, f"{count:,}", _size(size), ", ".join(types), ", ".join(places)


def _size(count: int) -> str:
    """Bytes as people read them, of 1,000 each."""
    if count < 1e6:
        return f"{count / 1e3:.1f} kB"
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"


def has_network(value: Any) -> bool:
    return next(iter(networks(value)), None) is not None


MODEL = (
    ValueView("parameters", "Parameters", parameters, fits=has_network),
    ValueView("hash", "Hash of the weights", weights_hash, fits=has_network, costly=True),
)
"""Forms of whatever holds a network."""
