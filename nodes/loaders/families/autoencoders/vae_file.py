"""An autoencoder in one file, alone or in a whole model, under original names or those of diffusers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nodeflow.library.family_parts import other_latents
from nodeflow.library.rules import rule_book
from nodeflow.node import NodeError
from nodeflow.wires import VAE
from nodes.loaders.families.autoencoders.tiny import TINY, load_tiny_file
from nodes.loaders.families.stable_diffusion.marks import MARKS, check_latents
from nodes.loaders.models.family import FamilyLatent
from nodes.loaders.models.known import families, told_as
from nodes.loaders.models.precision import ComputePrecision
from nodes.loaders.models.weights_file import MODEL, NETWORK, WeightsFile
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.recognise import recognise

AUTO, VAE_PART = "auto", "VAE"
SMALL = "small vae"
"""Kind of files whose latents are those of the large one that they stand in for, unscaled."""


OLD_NAMES = {"FLUX": "FLUX.1", "Stable Diffusion 1 and 2": "Stable Diffusion 1"}
"""Names that older workflows have."""


def spaces() -> Mapping[str, FamilyLatent]:
    """Whose latents a file may make, by the name of the family."""
    return {name: family.latent for name, family in families().items()}


def load_autoencoder_file(path: Path, precision: ComputePrecision, made_for: str) -> VAE:
    """Raises NodeError where ``made_for`` does not fit or cannot be told, and for damaged or missing weights."""
    found = recognise(path, VAE_PART)
    if found.kind == SMALL:
        return load_tiny_file(path, precision.dtype(TINY.precisions))
    file = WeightsFile(path)
    name = OLD_NAMES.get(made_for, made_for) if made_for != AUTO else _told(path)
    known = rule_book().called(name)
    if known is not None and (why := other_latents(named(path), found, known, "made_for")):
        raise NodeError(why)
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


def _told(path: Path) -> str:
    """Whose latents a file makes, as its names and shapes tell: a family's whole model, or a VAE that one alone has."""
    found = recognise(path, VAE_PART)
    whole = told_as(found.family)
    if whole is not None and found.kind == "checkpoint":
        return whole.name
    fitting = [name for name, space in spaces().items() if found.family in space.files]
    settings = {repr(sorted(spaces()[name].settings.items())) for name in fitting}
    if len(settings) == 1:
        return fitting[0]
    listed = " or ".join(fitting) or "one of those listed there"
    raise NodeError(
        f"{named(path)} does not say whose latents it makes; set made_for to the model it goes with: {listed}"
    )
