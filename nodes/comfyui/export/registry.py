"""Which function writes which type of node."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable

from nodes.comfyui.export.exporter import Function

GROUPS = (
    "placeholders",
    "plain",
    "values",
    "models",
    "merging",
    "loaders",
    "texts",
    "references",
    "masks",
    "mapping",
    "image_layers",
    "starting",
    "sampling",
)
_FUNCTIONS: dict[str, Function] = {}
_TAKEN: set[str] = set()


def exports(*kinds: str) -> Callable[[Function], Function]:
    """Say which types of nodes a function writes."""

    def known(function: Function) -> Function:
        for kind in kinds:
            if kind in _FUNCTIONS:
                raise ValueError(f"two functions write {kind}")
            _FUNCTIONS[kind] = function
        return function

    return known


def taken(*kinds: str) -> None:
    """Say which types are written only with the sampler that takes them."""
    _TAKEN.update(kinds)


@functools.cache
def exporters() -> dict[str, Function]:
    """All functions by type."""
    for group in GROUPS:
        importlib.import_module(f"nodes.comfyui.export.{group}")
    return _FUNCTIONS


def taken_by_samplers() -> set[str]:
    """The types that are written with a sampler."""
    exporters()
    return _TAKEN
