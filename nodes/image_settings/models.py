"""The models that settings name: found in the library by name or hash, else named as they are."""

from __future__ import annotations

from nodeflow import resources
from nodeflow.graph.io.image_settings.settings import ImageSettings
from nodeflow.graph.io.import_report import ModelRow
from nodeflow.library.named import AmbiguousNameError, library_path

XL_WORDS = ("xl", "pony", "illustrious", "noob", "animagine")
FLOW_WORDS = {"flux": "flux", "sd3": "joint", "stable-diffusion-3": "joint", "stable_diffusion_3": "joint"}
SHORTEST_HASH = 8
STARTER = "starter:"
"""Begins the names of models that ship with nodeflow, which stand in the settings that it writes itself."""


def kind_of(settings: ImageSettings) -> str:
    """Return which kind of model a file is, by its name and by what the settings speak of: unet, xl, flux or joint."""
    name = settings.model.replace("\\", "/").lower()
    kind = next((kind for word, kind in FLOW_WORDS.items() if word in name), "")
    if not kind and settings.distilled_guidance is not None:
        kind = "flux"
    return kind or ("xl" if any(word in name for word in XL_WORDS) else "unet")


def looked_up(name: str, digits: str, folder: str, row: str) -> tuple[str, ModelRow]:
    """Return what a node is to be told, and the line of the report."""
    note = f"hash {digits}" if digits else ""
    if name.startswith(STARTER) and (models := resources.folder("assets") / "models" / name[len(STARTER) :]).is_dir():
        return name, ModelRow(name, folder, row, True, str(models), note=note)
    try:
        if name and (path := library_path(name)) is not None:
            return name, ModelRow(name, folder, row, True, str(path), note=note)
        if len(digits) >= SHORTEST_HASH and (path := library_path(digits)) is not None:
            return str(path), ModelRow(name or digits, folder, row, True, str(path), note=note)
    except AmbiguousNameError as error:
        return name or digits, ModelRow(name or digits, folder, row, True, note=str(error))
    return name or digits, ModelRow(name or digits, folder, row, False, note=note)
