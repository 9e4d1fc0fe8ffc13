"""All samplers by name: those of every file in this folder."""

import importlib
import pkgutil
from typing import Literal

import nodes.samplers.solvers as folder
from nodes.samplers.solvers.registry import SAMPLERS

for _found in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
    if _found != "catalogue":
        importlib.import_module(f"{folder.__name__}.{_found}")

__all__ = ["NAMES", "SAMPLERS", "SamplerName"]
NAMES = tuple(SAMPLERS)
SamplerName = Literal[NAMES]  # type: ignore[valid-type]
"""The names of all samplers."""
