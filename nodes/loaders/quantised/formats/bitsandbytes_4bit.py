"""Four-bit codes as bitsandbytes stores them: NF4 and FP4, in blocks of the flat weight (Dettmers et al. 2023)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from nodes.loaders.quantised.codecs import by_rows, grouped, pairs, take, unpacked
from nodes.loaders.quantised.encoded import Codec, EncodedMatrix, EncodedTensor, Parts, Rows
from nodes.loaders.quantised.stored_layer import Format, StoredLayer

STATES = "quant_state.bitsandbytes__nf4", "quant_state.bitsandbytes__fp4"
NESTED = "nested_absmax", "nested_quant_map"


@dataclass(frozen=True)
class FlatBlocks:
    """W = quant_map[code] * absmax of the block, the first of two codes in the high half of a byte.

    ``absmax`` may be stored in eight bits itself: nested_quant_map[code] * nested_absmax of its block + ``offset``.
    ``first`` is the number of the first block that is held, as nested blocks count.
    """

    width: int
    block: int
    nested: int = 0
    offset: float = 0.0
    first: int = 0

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        codes = take(parts["codes"].view(-1, self.width // 2), index)
        largest = take(self._absmax(parts).view(-1, self.width // self.block), index)
        return grouped(unpacked(codes, pairs(parts["quant_map"].float(), False, codes.device)), largest)

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        across = self.width // self.block
        kept = by_rows(parts, {"absmax": 0}, start * across, stop * across)
        codes = parts["codes"][start * self.width // 2 : stop * self.width // 2]
        return replace(self, first=self.first + start * across), {**kept, "codes": codes}

    def _absmax(self, parts: Parts) -> Tensor:
        stored = parts["absmax"]
        if not self.nested:
            return stored.float()
        number = torch.arange(len(stored), device=stored.device) + self.first
        values = parts["nested_quant_map"].float()[stored.int()]
        return values * parts["nested_absmax"].float()[number // self.nested] + self.offset


def read(layer: StoredLayer) -> EncodedTensor:
    """Return the weight, whose shape and blocks stand in the JSON of its quant_state."""
    state = next(name for name in STATES if layer.has(name))
    told = _state(layer, layer.take(state))
    shape, block = told.get("shape"), told.get("blocksize")
    sides = shape if isinstance(shape, list) and all(isinstance(side, int) and side > 0 for side in shape) else []
    if len(sides) < 2 or not isinstance(block, int) or block < 2:
        raise layer.wrong("does not say its shape and blocks")
    height = sides[0]
    width = torch.Size(sides[1:]).numel()
    if width % block or width % 2 or layer.weight.numel() * 2 != height * width:
        raise layer.wrong(f"has {width} columns, which blocks of {block} do not divide")
    parts = {"codes": layer.weight.reshape(-1), "absmax": layer.take("absmax"), "quant_map": layer.take("quant_map")}
    layer.expect("absmax", parts["absmax"], (height * width // block,))
    layer.expect("quant_map", parts["quant_map"], (16,))
    codec = FlatBlocks(width, block)
    if all(map(layer.has, NESTED)):
        parts |= {name: layer.take(name) for name in NESTED}
        nested, offset = told.get("nested_blocksize"), told.get("nested_offset")
        if not isinstance(nested, int) or nested < 1 or not isinstance(offset, (int, float)):
            raise layer.wrong("does not say its nested blocks")
        codec = replace(codec, nested=nested, offset=float(offset))
    return EncodedTensor.of(EncodedMatrix(codec, parts, height, width), tuple(sides))


def _state(layer: StoredLayer, raw: Tensor) -> dict[str, Any]:
    try:
        found = json.loads(bytes(raw.view(torch.uint8).tolist()))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise layer.wrong("has a quant_state that cannot be read")
    return found


def fits(layer: StoredLayer) -> bool:
    return layer.weight.dtype == torch.uint8 and any(map(layer.has, STATES))


FORMAT = Format((), read, fits)
