"""An autoencoder in one file, alone or in a whole model, under original names or those of diffusers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nodeflow.library.family_parts import AUTO, Part, latents_told, other_latents
from nodeflow.library.rules import rule_book
from nodeflow.node import NodeError
from nodeflow.wires import VAE
from nodes.loaders.families.autoencoders.tiny import TINY, load_tiny_file
from nodes.loaders.families.stable_diffusion.marks import MARKS, check_latents
from nodes.loaders.models.family import FamilyLatent
from nodes.loaders.models.known import families, judged
from nodes.loaders.models.precision import ComputePrecision
from nodes.loaders.models.weights_file import MODEL, NETWORK, WeightsFile
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.recognise import recognise

VAE_PART = "VAE"
SMALL = "small vae"
"""Kind of files whose latents are those of the large one that they stand in for, unscaled."""


def old_names() -> tuple[str, ...]:
    """Names of families that older workflows have."""
    return tuple(name for family in rule_book().models.values() for name in family.formerly)


def spaces() -> Mapping[str, FamilyLatent]:
    """Whose latents a file may make, by the name of the family."""
    return {name: family.latent for name, family in families().items()}


def load_autoencoder_file(path: Path, precision: ComputePrecision, made_for: str) -> VAE:
    """Raises NodeError where ``made_for`` does not fit or cannot be told, and for damaged or missing weights."""
    found = recognise(path, VAE_PART)
    if found.kind == SMALL:
        return load_tiny_file(path, precision.dtype(TINY.precisions))
    file = WeightsFile(path)
    name = _name_of(Part(named(path), found), made_for)
    space = spaces()[name]
    inside = file.part(VAE_PART)
    check_latents(path, file.called(MARKS))
    weights = inside or file.alone(MODEL)
    dtype, wanted = precision.dtype(space.autoencoder.architecture.precisions), space.format({})
    coder = space.autoencoder.from_file(path, weights, f"VAE of {name}", dtype, wanted.side, space.settings)
    file.close(*(NETWORK if inside else ()))
    if coder.format.channels != wanted.channels:
        raise NodeError(
            f"{named(path)} makes latents of {coder.format.channels} channels, and those of {name} have "
            f"{wanted.channels}; set made_for to the model it goes with"
        )
    return coder


def family_of_vae(path: Path, made_for: str) -> str:
    """The family whose latents a file makes, by its name. Raises NodeError where that cannot be told."""
    found = recognise(path, VAE_PART)
    if found.kind == SMALL:
        raise NodeError(f"{named(path)} is a small stand-in for a VAE")
    return _name_of(Part(named(path), found), made_for)


def _name_of(file: Part, made_for: str) -> str:
    """The family whose latents a file makes, as a person says or it tells itself. Raises NodeError."""
    with judged():
        known = rule_book().called(made_for) if made_for != AUTO else latents_told(file)
    if known is None:
        raise NodeError(f"{made_for}: there is no such family; choose one of {', '.join(spaces())}")
    if why := other_latents(file, known):
        raise NodeError(why)
    return known.name
