"""Files that a library reads by itself: quantised ones are refused, since libraries take their codes for weights."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
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
            raise not_plain(shown, name, dtype)


def not_plain(shown: str, name: str, dtype: str) -> NodeError:
    """The error for a weight of numbers that do not stand for themselves."""
    return NodeError(
        f"{shown} is quantised (its {name} is of {dtype} numbers), and nothing says how they are scaled; take it in "
        "half precision"
    )


PACKAGES: Mapping[str, tuple[str, str]] = {
    "quanto": ("optimum.quanto", "optimum-quanto"),
    "torchao": ("torchao", "torchao"),
    "sdnq": ("sdnq", "sdnq"),
    "modelopt": ("modelopt", "nvidia-modelopt"),
    "auto-round": ("auto_round", "auto-round"),
}
"""By what a configuration calls a method: the module that reads it, and what to install."""
INSTEAD = "take it in half precision, as GGUF, or in one of ComfyUI's formats"


def method_of(config: Mapping[str, Any]) -> str:
    """How a network's configuration says that its weights are quantised; empty where they are plain."""
    found = config.get("quantization_config")
    if not found:
        return ""
    return str(found.get("quant_method", "") if isinstance(found, dict) else "")[:40] or "a method without a name"


def check_config(config: Mapping[str, Any], shown: str) -> bool:
    """Return whether weights are quantised by a package that is installed, which reads them itself. Raises NodeError,
    with what to install, where it is not."""
    method = method_of(config)
    if not method:
        return False
    if method not in PACKAGES:
        raise NodeError(f"{shown} is quantised with {method}, which is not read from this folder; {INSTEAD}")
    module, package = PACKAGES[method]
    if not _is_installed(module):
        raise NodeError(
            f"{shown} is quantised with {method}, whose package is not installed; pip install {package}, or {INSTEAD}"
        )
    import_module(module)  # some make themselves known to the libraries by that
    return True


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:
        return False
