"""Files that a library reads by itself: quantised ones are refused, since libraries take their codes for weights."""

from __future__ import annotations

from typing import Any

from nodeflow.library.headers import Header
from nodeflow.node import NodeError
from nodes.loaders.quantised.foreign import check_foreign
from nodes.loaders.quantised.layers_of_file import COMPUTED, SCALES

NUMBERS = "F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"
"""Precisions of weights that stand for themselves."""


def check_plain(header: Header, shown: str) -> None:
    """Raise NodeError where a safetensors file holds weights that are not to be read as they stand."""
    names = header.sorted_names
    try:
        check_foreign(names, header.metadata)
    except NodeError as error:
        raise NodeError(f"{shown}: {error}") from None
    scale = next(filter(SCALES.search, names), None)
    if scale is not None:
        raise NodeError(
            f"{shown} is quantised (it holds {scale}), which is read from files of their own, not from folders; take "
            "the folder in half precision"
        )
    for name in filter(COMPUTED.search, names):
        if (dtype := header.tensors[name].dtype) not in NUMBERS:
            raise NodeError(
                f"{shown} is quantised (its {name} is of {dtype} numbers), and nothing says how they are scaled; take "
                "it in half precision"
            )


def check_config(config: dict[str, Any], shown: str) -> None:
    """Raise NodeError where a network's configuration says that its weights are quantised."""
    found = config.get("quantization_config")
    if found:
        method = str(found.get("quant_method", "")) if isinstance(found, dict) else ""
        how = f" with {method[:40]}" if method else ""
        raise NodeError(f"{shown} is quantised{how}, which is not read from folders; take it in half precision")
