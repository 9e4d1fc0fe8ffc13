"""Attention as it happens: which words, and which places, each place of an image looks at. `sample` records it."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, pad

from nodeflow.node import NodeError
from nodeflow.wires import Attention, Denoiser, Guider
from nodes.networks.attention_processors import AttentionInputs, AttentionParts, kind_of, shares, watched
from nodes.networks.single_streams import Stream, single_stream, text_length, text_pieces

MAX_BYTES, MAX_PLACE_BYTES = 256 * 2**20, 128 * 2**20
"""Memory that the maps of a run may take: to words, and to places."""
MAX_SIDE, MAX_PLACES = 32, 16
"""Cells on the longer side of a map that is kept: to words, and to places."""
MIN_SIDE = 4
BYTES = 2
"""Of a value that is kept: float16."""


class Recorder:
    """Records the attention of every layer of a denoiser that it can, in bounded memory.

    Only hooks are used, for one step at a time: the network computes what it computes without them. Of the batch, the
    conditional half is kept. A map coarser than its layer has the true attention of some cells, evenly spaced; the
    shares of the places that these look at are summed.
    """

    def __init__(self, denoiser: Denoiser, steps: int) -> None:
        """Raises NodeError for a denoiser without attention that could be recorded."""
        self.layers = attention_layers(denoiser)
        self._network, self._text, self._pieces = network_of(denoiser), 0, 0
        self.steps = max(steps, 1)

    @contextlib.contextmanager
    def step(self, x: Tensor, guider: Guider) -> Iterator[list[Attention]]:
        """Within this, the denoiser's calls for x (B, C, H, W) are recorded; at its end the list holds the record."""
        found: list[Attention] = []
        maps: dict[str, Tensor] = {}
        places: dict[str, Tensor] = {}
        words = _words(guider)
        with contextlib.ExitStack() as after:
            if self._network is not None:
                after.callback(self._network.register_forward_pre_hook(self._begin, with_kwargs=True).remove)
            for name, layer in self.layers.items():
                hooks, end = watched(layer, functools.partial(self._record, maps, places, x, name))
                after.callback(end)
                for hook in hooks:
                    after.callback(hook.remove)
            yield found
        longest = len(words)
        for name, map in maps.items():
            if longest > map.shape[-1] and single_stream(self.layers[name]):  # what fills the text up is not asked
                maps[name] = pad(map, (0, longest - map.shape[-1]))
        found.append(Attention(words, maps, places))

    def _begin(self, _: object, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        self._text, self._pieces = text_length(given, named), text_pieces(named)

    def _record(
        self, maps: dict[str, Tensor], places: dict[str, Tensor], x: Tensor, name: str, text: int, seen: AttentionInputs
    ) -> None:
        """Add what a layer attends to: of a denoiser that is asked for one image at a time, image by image."""
        parts = self._parts(self.layers[name], x, text, seen.query.shape[2], seen.key.shape[2])
        if parts is None:
            return
        queries, picture, words = parts
        grid = grid_of(len(range(*queries.indices(seen.query.shape[2]))), x.shape)
        if grid is None:
            return
        batch = len(x)
        fine = self._side(batch, words.stop - words.start) if words else MIN_SIDE
        coarse = self._place_side(batch) if picture else MIN_SIDE
        kept = _within(grid, max(fine, coarse))
        rows = slice(None) if kept == grid else _cells(grid, kept).to(seen.query.device)
        mask = seen.mask
        if mask is not None:
            mask = mask[-batch:] if mask.shape[2] == 1 else mask[-batch:, :, queries][:, :, rows]
        query = seen.query[-batch:, :, queries][:, :, rows]
        found = shares(AttentionInputs(query, seen.key[-batch:], mask, seen.scale))
        if words:
            _put(maps, name, found[..., words].unflatten(1, kept), batch)
        if picture:
            few = _within(kept, coarse)
            some = found if few == kept else found[:, _cells(kept, few).to(found.device)]
            some = some[..., picture].unflatten(-1, grid)
            _put(places, name, _summed(some, _within(grid, coarse)).unflatten(1, few), batch)

    def _parts(self, layer: torch.nn.Module, x: Tensor, text: int, queries: int, keys: int) -> AttentionParts | None:
        """Where a layer has text and image; None where it has no image, or other images beside what is painted."""
        if text in (0, keys) and (find := single_stream(layer)) is not None:
            return find(Stream(self._text, x.shape[-2] * x.shape[-1], self._pieces), queries, keys)
        kind = kind_of(layer)
        return None if kind is None else kind(text, queries, keys)

    def _side(self, batch: int, tokens: int) -> int:
        """Cells on the side of a map that memory allows for all layers and steps."""
        cells = MAX_BYTES / (self.steps * len(self.layers) * batch * tokens * BYTES)
        return min(max(int(math.sqrt(cells)), MIN_SIDE), MAX_SIDE)

    def _place_side(self, batch: int) -> int:
        """The same of a map from places to places."""
        pairs = MAX_PLACE_BYTES / (self.steps * len(self.layers) * batch * BYTES)
        return min(max(int(pairs**0.25), MIN_SIDE), MAX_PLACES)


def network_of(denoiser: Denoiser) -> torch.nn.Module | None:
    """The network of a denoiser, which may stand inside others; None where there is none."""
    module: torch.nn.Module | None = getattr(getattr(_innermost(denoiser), "network", None), "module", None)
    return module


def _innermost(denoiser: Denoiser) -> Any:
    """The denoiser that asks a network, which may stand inside others."""
    inner: object = denoiser
    while not hasattr(inner, "network") and hasattr(inner, "denoiser"):
        inner = inner.denoiser
    return inner


def attention_layers(denoiser: Denoiser) -> dict[str, torch.nn.Module]:
    """The layers of a denoiser's network whose attention can be recorded, by name. Raises NodeError without any."""
    module = network_of(denoiser)
    named = module.named_modules() if module is not None else ()
    found = {name: layer for name, layer in named if kind_of(layer) is not None or single_stream(layer) is not None}
    if not found:
        raise NodeError("this model has no attention that could be recorded; choose record: steps")
    return found


def _words(guider: Guider) -> tuple[str, ...]:
    """The words that lead a guider, which may stand inside others, in the order in which its network has them.

    A denoiser whose network puts them in another order says so by a method ``in_order``.
    """
    inner: object = guider.unguided()
    while not hasattr(inner, "conditioning") and hasattr(inner, "guider"):
        inner = inner.guider
    conditioning = getattr(inner, "conditioning", None)
    in_order = getattr(_innermost(guider.denoiser), "in_order", None)
    return getattr(conditioning, "words", ()) if in_order is None or conditioning is None else in_order(conditioning)


def grid_of(count: int, shape: torch.Size) -> tuple[int, int] | None:
    """Height and width in cells, in the ratio of x (B, C, H, W); None where so many cells make no such image."""
    height = max(round(math.sqrt(count * shape[-2] / shape[-1])), 1)
    width = count // height
    fits = height * width == count and abs(width - height * shape[-1] / shape[-2]) < 1
    return (height, width) if fits else None


def _within(grid: tuple[int, int], side: int) -> tuple[int, int]:
    """A grid of the same ratio with at most ``side`` cells on its longer side."""
    ratio = min(side / max(grid), 1.0)
    return max(round(grid[0] * ratio), 1), max(round(grid[1] * ratio), 1)


@functools.lru_cache(maxsize=64)
def _cells(grid: tuple[int, int], kept: tuple[int, int]) -> Tensor:
    """The cells (n,) of a grid, row by row, that stand in the middle of those of a coarser one."""
    y, x = ((torch.arange(few) * 2 + 1) * many // (2 * few) for many, few in zip(grid, kept, strict=True))
    return (y[:, None] * grid[1] + x).flatten()


def _summed(maps: Tensor, sides: tuple[int, int]) -> Tensor:
    """(B, n, h, w) to (B, n, *sides), the same in sum."""
    if tuple(maps.shape[-2:]) == sides:
        return maps
    mean = adaptive_avg_pool2d(maps, sides)
    return mean * (maps.sum((-2, -1), keepdim=True) / mean.sum((-2, -1), keepdim=True).clamp(min=1e-12))


def _put(kept: dict[str, Tensor], name: str, found: Tensor, batch: int) -> None:
    found = found.to(torch.float16)
    alike = name in kept and kept[name].shape[1:] == found.shape[1:]  # regions and texts may be of other sizes
    kept[name] = torch.cat([kept[name], found])[-batch:] if alike else found[-batch:]
