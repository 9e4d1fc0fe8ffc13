"""Classes of ComfyUI's that have a counterpart here, and what their inputs can be."""

from __future__ import annotations

from collections.abc import Iterable

from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.library.entries import LibraryEntry
from nodeflow.library.models import Models
from nodes.comfyui.registry import translators
from nodes.comfyui.sampling import FORMULAS
from nodes.comfyui.wanted_models import FOLDERS

K_SAMPLER = "nodes.k_sampler"
KINDS = {
    "checkpoints": ("checkpoint", "pipeline"),
    "diffusion_models": ("transformer", "unet"),
    "vae": ("vae", "small vae"),
    "loras": ("lora",),
    "controlnet": ("controlnet", "control lora", "t2i adapter"),
    "text_encoders": ("text encoder", "language model"),
    "style_models": ("redux",),
    "hypernetworks": ("hypernetwork",),
    "ipadapter": ("ip adapter",),
}
"""Kinds of models of the library by the folders in which ComfyUI keeps them."""


def known_classes() -> list[str]:
    """Return the classes that are translated."""
    return sorted(translators())


def known_choices(catalogue: Catalogue, models: Models) -> dict[str, list[str]]:
    """Return what inputs of a name can be: samplers, spacings, and the model files of the library."""
    present = [entry for entry in models.entries if not entry.gone]
    found = {name: _names(models, present, KINDS.get(folder, ())) for name, folder in FOLDERS.items()}
    spec = catalogue.nodes[K_SAMPLER]
    of = {param.name: list(param.choices) for param in spec.params}
    return {**found, "sampler_name": of["sampler"], "scheduler": [*of["spacing"], *FORMULAS]}


def _names(models: Models, entries: Iterable[LibraryEntry], kinds: tuple[str, ...]) -> list[str]:
    return sorted(models.reference(entry) for entry in entries if entry.found.kind in kinds)
