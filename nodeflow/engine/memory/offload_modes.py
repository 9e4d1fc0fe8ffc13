"""Modes in which a network lies on a device, from the fastest to the smallest: whole, block by block, leaf by leaf.

diffusers' hooks do the work: group offloading fetches what computes next while something else computes. The numbers
stay the same. What changes them a little is apart (attention in slices, the VAE in tiles): it is for want of memory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import psutil
import torch
from torch import nn

HOST = "cpu"
Mode = Literal["whole", "blocks", "leaves"]
SMALLER: tuple[Mode, ...] = ("blocks", "leaves")
HOOKS = ("lazy_prefetch_group_offloading", "layer_execution_tracker", "group_offloading")
"""What group offloading puts on a network, the last first."""
MAX_LOOSE_BYTES = 1024
"""Bytes of weights that a network may hold by itself beside its parts, and still be fetched in pieces."""
PARTS_ON_DEVICE = 2
"""Blocks or leaves on the device at once: one computes, the next is fetched."""


class Footprint(NamedTuple):
    """Bytes that a network needs on its device in each mode; ``blocks`` is None where that saves nothing."""

    whole: int
    blocks: int | None
    leaves: int

    def at(self, mode: Mode) -> int:
        """The bytes in a mode."""
        blocks = self.whole if self.blocks is None else self.blocks
        return {"whole": self.whole, "blocks": blocks, "leaves": self.leaves}[mode]


def footprint(network: nn.Module) -> Footprint:
    """Return what a network needs in each mode. Its blocks are the items of its own module lists, as diffusers takes
    them."""
    whole = _size(network)
    if not _can_be_fetched_in_pieces(network):
        return Footprint(whole, None, whole)
    lists = [child for child in network.children() if isinstance(child, (nn.ModuleList, nn.Sequential))]
    sizes = [_size(block) for blocks in lists for block in blocks]
    leaf = max((_size(module, recurse=False) for module in network.modules()), default=0)
    by_blocks = whole - sum(sizes) + PARTS_ON_DEVICE * max(sizes, default=0)
    return Footprint(whole, by_blocks if sizes and by_blocks < whole else None, min(PARTS_ON_DEVICE * leaf, whole))


def _can_be_fetched_in_pieces(network: nn.Module) -> bool:
    """Return whether hooks can fetch all weights: not where a network reads some without calling the part that holds
    them, as torch's own attention does, open_clip's models with their tables, and those that diffusers says it of
    (DiT)."""
    return (
        getattr(network, "_supports_group_offloading", True)
        and _size(network, recurse=False) <= MAX_LOOSE_BYTES
        and not any(isinstance(module, nn.MultiheadAttention) for module in network.modules())
    )


def _size(module: nn.Module, recurse: bool = True) -> int:
    return sum(tensor.nbytes for part in (module.parameters(recurse), module.buffers(recurse)) for tensor in part)


def arrange(networks: Sequence[Footprint], room: int) -> list[Mode]:
    """The fastest mode of each network such that all fit into ``room`` bytes together, or the smallest of each.

    The largest gives way first.
    """
    modes: list[Mode] = ["whole"] * len(networks)
    order = sorted(range(len(networks)), key=lambda index: -networks[index].whole)
    for smaller in SMALLER:
        for index in order:
            if sum(map(Footprint.at, networks, modes)) <= room:
                return modes
            if networks[index].at(smaller) < networks[index].at(modes[index]):
                modes[index] = smaller
    return modes


def place(network: nn.Module, mode: Mode, device: str) -> None:
    """Put a network onto a device, whole, or such that it comes there piece by piece when it computes."""
    from diffusers.hooks import apply_group_offloading

    release(network)
    if mode == "whole":
        network.to(device)
        return
    streams = device != HOST
    apply_group_offloading(
        network,
        onload_device=torch.device(device),
        offload_device=torch.device(HOST),
        offload_type="block_level" if mode == "blocks" else "leaf_level",
        num_blocks_per_group=1,
        use_stream=streams,
        low_cpu_mem_usage=streams and _size(network) > psutil.virtual_memory().available // 2,
    )


def release(network: nn.Module) -> None:
    """Take off what `place` has put on; the weights lie where they were last."""
    for module in network.modules():
        registry: Any = getattr(module, "_diffusers_hook", None)
        for name in HOOKS if registry else ():
            registry.remove_hook(name, recurse=False)


@contextlib.contextmanager
def lean(networks: Sequence[nn.Module]) -> Iterator[list[str]]:
    """Within this, networks that can compute in smaller pieces do; what does, in words. The results differ a little."""
    said: list[str] = []
    with contextlib.ExitStack() as after:
        for network in map(_any, networks):
            if hasattr(network, "set_attention_slice") and hasattr(network, "attn_processors"):
                after.callback(network.set_attn_processor, network.attn_processors)
                network.set_attention_slice("max")
                said.append("attention in slices")
            if hasattr(network, "enable_tiling") and not network.use_tiling:
                after.callback(network.disable_tiling)
                network.enable_tiling()
                said.append("the VAE in tiles")
        yield said


def _any(network: nn.Module) -> Any:
    return network
