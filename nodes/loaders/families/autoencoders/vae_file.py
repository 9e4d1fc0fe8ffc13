"""An autoencoder in one file, alone or in a whole model, under original names or those of diffusers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from nodeflow.node import NodeError
from nodeflow.wires import VAE
from nodes.loaders.families.autoencoders.autoencoder import Autoencoder
from nodes.loaders.families.autoencoders.kl import KL
from nodes.loaders.models.known import families, told_as
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.parts import exact
from nodes.loaders.read.recognise import recognise

AUTO, VAE_PART = "auto", "VAE"


@dataclass(frozen=True)
class Space:
    """The latents of a model: by which autoencoder, what that is told, cells on a side, and what rules call its files.

    ``wide``: its values are too large for half precision.
    """

    autoencoder: Autoencoder
    settings: Mapping[str, Any]
    side: int
    files: tuple[str, ...]
    wide: bool = field(default=False)


OF_UNETS = ("Stable Diffusion 1, 2 or XL",)
UNETS = {
    "Stable Diffusion 1 and 2": Space(KL, {"scaling_factor": 0.18215}, 64, OF_UNETS),
    "Stable Diffusion XL": Space(KL, {"scaling_factor": 0.13025}, 128, OF_UNETS, wide=True),
}
OLD_NAMES = {"FLUX": "FLUX.1"}
"""Names that older workflows have."""


def spaces() -> Mapping[str, Space]:
    """Whose latents a file may make, by the name of the family."""
    of_families = {
        name: Space(one.latent.autoencoder, one.latent.settings, one.latent.format({}).side, one.latent.files)
        for name, one in families().items()
    }
    return {**UNETS, **of_families}


def load_autoencoder_file(path: Path, dtype: torch.dtype, made_for: str) -> VAE:
    """Raises NodeError where ``made_for`` does not fit or cannot be told, and for damaged or missing weights."""
    file = WeightsFile(path)
    name = OLD_NAMES.get(made_for, made_for) if made_for != AUTO else _told(path)
    space = spaces()[name]
    weights = file.part(VAE_PART) or file.alone()
    precision = exact(dtype) if space.wide else dtype
    coder = space.autoencoder.from_file(path, weights, f"VAE of {name}", precision, space.side, space.settings)
    file.close()
    wanted = _channels(name)
    if coder.format.channels != wanted:
        raise NodeError(
            f"{named(path)} makes latents of {coder.format.channels} channels, and those of {name} have {wanted}; set "
            "made_for to the model it goes with"
        )
    return coder


def _channels(name: str) -> int:
    return families()[name].latent.format({}).channels if name in families() else 4


def _told(path: Path) -> str:
    """Whose latents a file makes, as its names and shapes tell: a family's whole model, or a VAE that one alone has."""
    found = recognise(path)
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
