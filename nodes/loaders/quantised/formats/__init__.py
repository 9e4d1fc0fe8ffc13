"""Each format of quantised layers in a file of its own; a new format is a new file with a ``FORMAT``."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from nodes.loaders.quantised.stored_layer import Format


@cache
def formats() -> tuple[Format, ...]:
    """Return all formats that are known here."""
    return tuple(import_module(f"{__name__}.{module.name}").FORMAT for module in iter_modules(__path__))
