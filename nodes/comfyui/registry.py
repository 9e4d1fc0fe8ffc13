"""Registry of the functions that translate ComfyUI's classes."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nodes.comfyui.builder import Builder
    from nodes.comfyui.given import Given

Outputs = tuple[Any, ...]
"""What each output of a node means, in their order."""
Translator = Callable[["Given", "Builder"], Any]
"""Gives what the outputs of a node mean: a tuple, or one meaning where there is one output."""

GROUPS = (
    "loaders",
    "conditioning",
    "regions",
    "references",
    "edit_texts",
    "layouts",
    "image_prompts",
    "language",
    "image_layers",
    "latents",
    "cascade",
    "sampling",
    "sigmas",
    "models",
    "model_patches",
    "merging",
    "mapping",
    "guidance",
    "passing",
    "images",
    "plain_images",
    "masks",
    "values",
    "texts",
    "text_helpers",
    "expressions",
    "savers",
    "pack_values",
    "pack_samplers",
    "pack_pipes",
    "pack_loras",
    "pack_switches",
    "pack_texts",
    "pack_images",
    "pack_ip_adapters",
    "pack_sizes",
    "pack_upscale",
    "pack_numbers",
    "pack_controls",
    "pack_passing",
    "pack_masks",
    "pack_images_more",
    "pack_easy",
    "pack_logic",
    "pack_samplers_more",
    "pack_plain",
    "pack_impact",
    "pack_ttn",
    "pack_more_values",
    "pack_more_images",
)
"""The files that hold translators."""
_TRANSLATORS: dict[str, Translator] = {}


def translates(*classes: str) -> Callable[[Translator], Translator]:
    """Say which classes a function translates."""

    def known(function: Translator) -> Translator:
        for name in classes:
            if name in _TRANSLATORS:
                raise ValueError(f"two functions translate {name}")
            _TRANSLATORS[name] = function
        return function

    return known


@functools.cache
def translators() -> dict[str, Translator]:
    """All translators by class."""
    for group in GROUPS:
        importlib.import_module(f"nodes.comfyui.{group}")
    return _TRANSLATORS
