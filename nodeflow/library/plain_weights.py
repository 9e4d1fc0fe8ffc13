"""Folders whose weights libraries read by themselves: quantised ones are told, since their codes would be taken for
weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any

from nodeflow.library.folder_json import FolderError
from nodeflow.library.foreign_formats import foreign_format
from nodeflow.library.headers import Header

NUMBERS = "F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"
"""Precisions of weights that stand for themselves."""
COMPUTED = re.compile(r"(weight|bias|embedding|projection)$")
"""Keys of what networks compute with, which is never whole numbers."""
SCALES = re.compile(
    r"\.(weight_(scale|zeros|s_rel|s_channel|codebook|correction|format)\w*|scale_(weight|input)|comfy_quant|SCB"
    r"|(input|output|pre_quant|activation)_scale\w*|(nested_)?(absmax|quant_map)|quant_state\.\w+)$"
)
"""Keys that say how a weight is to be read."""


def check_foreign(names: Iterable[str], metadata: Mapping[str, str]) -> None:
    """Raise FolderError, by the format's name, for a file that is quantised in a way that is not read here."""
    listed = sorted(names)
    found = foreign_format(lambda end: any(name.endswith(end) for name in listed), metadata)
    if found is None:
        return
    name, mark = found
    shown = next((key for key in listed if key.endswith(mark)), mark)
    raise FolderError(
        f"it is quantised as {name} (by {shown}), which is not read here; take it in half precision, in float8, "
        "in one of ComfyUI's formats or as GGUF"
    )


def check_plain(header: Header, shown: str) -> None:
    """Raise FolderError where a safetensors file holds weights that are not to be read as they stand."""
    names = header.sorted_names
    try:
        check_foreign(names, header.metadata)
    except FolderError as error:
        raise FolderError(f"{shown}: {error}") from None
    scale = next(filter(SCALES.search, names), None)
    if scale is not None:
        raise FolderError(
            f"{shown} is quantised (it holds {scale}), which is read from files of their own, not from folders; take "
            "the folder in half precision"
        )
    for name in filter(COMPUTED.search, names):
        if (dtype := header.tensors[name].dtype) not in NUMBERS:
            raise not_plain(shown, name, dtype)


def not_plain(shown: str, name: str, dtype: str) -> FolderError:
    """The error for a weight of numbers that do not stand for themselves."""
    return FolderError(
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
BITSANDBYTES = "bitsandbytes"
"""A method that nodes read by themselves: nf4, fp4 and LLM.int8 (Dettmers et al. 2022, 2023)."""
INSTEAD = "take it in half precision, as GGUF, or in one of ComfyUI's formats"


def method_of(config: Mapping[str, Any]) -> str:
    """How a network's configuration says that its weights are quantised; empty where they are plain."""
    found = config.get("quantization_config")
    if not found:
        return ""
    return str(found.get("quant_method", "") if isinstance(found, dict) else "")[:40] or "a method without a name"


def package_for(config: Mapping[str, Any], shown: str) -> str:
    """The module that reads a network's quantised weights; empty where they are plain. Raises FolderError, with what to
    install, where it is not here."""
    method = method_of(config)
    if not method:
        return ""
    if method not in PACKAGES:
        raise FolderError(f"{shown} is quantised with {method}, which is not read from this folder; {INSTEAD}")
    module, package = PACKAGES[method]
    if not _is_installed(module):
        raise FolderError(
            f"{shown} is quantised with {method}, whose package is not installed; pip install {package}, or {INSTEAD}"
        )
    return module


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:
        return False
