"""All weights of a file under its own names, quantised ones encoded; a scale that nobody reads is an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from nodeflow.library.folder_json import FolderError
from nodeflow.library.plain_weights import COMPUTED, SCALES, check_foreign
from nodeflow.node import NodeError
from nodes.loaders.quantised.codecs import ColumnScaled
from nodes.loaders.quantised.encoded import EncodedTensor, Weight
from nodes.loaders.quantised.formats import float8, formats
from nodes.loaders.quantised.lost_scales import check_lost
from nodes.loaders.quantised.settings import BESIDE, DROPPED, agreed, settings_beside, settings_in_header
from nodes.loaders.quantised.stored_layer import Format, StoredLayer, WeightFile

CODES = torch.float8_e4m3fn, torch.float8_e5m2, torch.int8, torch.uint8, torch.float8_e8m0fnu
"""Numbers that are no weights by themselves, but float8 ones without a scale."""
MARK = re.compile(r"(^|\.)scaled_fp8$")
SCALED = "pre_quant_scale"
ACTIVATIONS = "input_scale", "scale_input"
"""Scales of what comes into a layer."""
INSTEAD = "take it in half precision, in float8 or as GGUF"


def weights_of(file: WeightFile, metadata: Mapping[str, str]) -> dict[str, Weight]:
    """Return a file's weights, without the keys that only say how to read them. Raises NodeError where one of these
    belongs to nothing that is known, and for integer weights that nothing is said of."""
    try:
        check_foreign(file.names, metadata)
    except FolderError as error:
        raise NodeError(str(error)) from None
    settings = settings_in_header(metadata, file.names)
    beside = sorted(name for name in file.names if name.endswith(BESIDE))
    settings = agreed(
        settings, {name.removesuffix(BESIDE): settings_beside(name, file.tensor(name)) for name in beside}
    )
    marks = {name for name in file.names if MARK.search(name) or name.endswith(DROPPED)}
    scales = {name for name in file.names if SCALES.search(name)}
    read: set[str] = set()
    scaled: dict[str, torch.dtype] = {}
    bare: dict[str, Tensor] = {}
    found: dict[str, Weight] = {}
    for name in sorted(file.names - marks - scales):
        layer = StoredLayer(file, name, settings.get(name.removesuffix(".weight"), {}))
        found[name] = _weight(layer)
        read |= layer.read
        if layer.weight.dtype in float8.FLOAT8 and layer.weight.ndim > 1:
            if any(map(layer.has, float8.SCALES)):
                scaled[name] = layer.weight.dtype
            else:
                bare[name] = layer.weight
    _check_all_used(settings, file.names)
    _check_all_read(scales - read, file.names)
    check_lost(scaled, bare)
    _check_beside(bare, file.names)
    if bare and not scaled and (mark := next(filter(MARK.search, marks), None)):
        raise NodeError(f"{mark} says that weights in float8 are scaled, and the file holds no scale of any; {INSTEAD}")
    return found


def _weight(layer: StoredLayer) -> Weight:
    """A layer's weight, encoded where it is quantised; vectors are small, and widened at once."""
    empty = not layer.weight.numel()  # a mark, which says something by its name alone
    if empty or (not layer.settings and (_is_plain(layer) or _is_text(layer))):
        return layer.weight
    encoded = _format(layer).read(layer)
    layer.drop(BESIDE.removeprefix("."))
    if layer.has(SCALED):
        encoded = _column_scaled(layer, encoded)
    return encoded.widened() if encoded.ndim < 2 else encoded


def _is_plain(layer: StoredLayer) -> bool:
    dtype = layer.weight.dtype
    return dtype not in CODES and (dtype.is_floating_point or not COMPUTED.search(layer.key))


def _format(layer: StoredLayer) -> Format:
    named = layer.settings.get("format")
    if named is not None:
        found = next((one for one in formats() if named in one.names), None)
        if found is None:
            raise layer.wrong(f"is of the format {str(named)[:60]}, which is not read here")
        if layer.setting("num_experts", 1) != 1:
            raise layer.wrong("is a bank of experts, which is not read here")
        return found
    found = next((one for one in formats() if one.fits(layer)), None)
    if found is None:
        kind = str(layer.weight.dtype).removeprefix("torch.")
        raise layer.wrong(f"is {kind}, and nothing in the file says how it is scaled")
    return found


def _is_text(layer: StoredLayer) -> bool:
    """Return whether it holds a tokenizer or another text: bytes in a row that are no layer's weight."""
    weight = layer.weight
    return weight.dtype == torch.uint8 and weight.ndim == 1 and not layer.key.endswith(".weight")


def _column_scaled(layer: StoredLayer, encoded: EncodedTensor) -> EncodedTensor:
    columns = layer.take(SCALED)
    matrix = encoded.pieces[0]
    if encoded.ndim != 2 or columns.ndim != 1 or not 0 <= matrix.width - columns.numel() < matrix.padded:
        raise layer.wrong(f"has a {SCALED} of another size")
    padded = torch.nn.functional.pad(columns.float(), (0, matrix.width - columns.numel()))
    parts = {**matrix.parts, "columns": padded}
    return EncodedTensor.of(replace(matrix, codec=ColumnScaled(matrix.codec), parts=parts))


def _check_all_read(left: set[str], names: frozenset[str]) -> None:
    """Scales of activations may stand beside layers that stayed as they were."""
    for name in sorted(left):
        layer, _, part = name.rpartition(".")
        if part in ACTIVATIONS and f"{layer}.weight" in names:
            continue
        raise NodeError(
            f"it is quantised in a way that is not known here: {name} belongs to no weight that it scales; take one in "
            "half precision"
        )


def _check_beside(bare: Iterable[str], names: frozenset[str]) -> None:
    """Raise NodeError for the first number that stands beside a weight in float8 without a known scale, and may be one
    under another name."""
    layers = {name.removesuffix(".weight") for name in bare if name.endswith(".weight")}
    for name in sorted(names):
        layer, _, part = name.rpartition(".")
        layer = layer.removesuffix(".weight")
        if layer in layers and part not in ("weight", "bias", *ACTIVATIONS) and not name.endswith((BESIDE, DROPPED)):
            raise NodeError(
                f"it is quantised in a way that is not known here: nothing reads the scale {name} beside "
                f"{layer}.weight; {INSTEAD}"
            )


def _check_all_used(settings: Mapping[str, Mapping[str, Any]], names: frozenset[str]) -> None:
    lost = next((name for name in sorted(settings) if f"{name}.weight" not in names and name not in names), None)
    if lost is not None:
        raise NodeError(f"it says how {lost} is quantised, and holds no such weight")
