"""The shape of a family of models: what its folder declares, and all that shared code knows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from nodeflow.wires import Denoiser, DiffusionNetwork, LatentFormat, TextEncoder, TrainedSchedule
from nodes.loaders.adapters.names.renamed import RenamedRow
from nodes.loaders.families.autoencoders.autoencoder import Autoencoder
from nodes.loaders.models.architecture import Architecture
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.parts import LoadTarget, Parts
from nodes.loaders.text_encoders.encoder import EncoderKind


class Encoding(NamedTuple):
    """A text encoder that was loaded, and the tokenizer that goes with it; None for a tokenizer by itself."""

    tokenizer: Any
    module: Any


@dataclass(frozen=True)
class TextPart:
    """One of a family's text encoders: its folder in a pipeline, its kind, and whether the family needs it."""

    place: str
    encoder: EncoderKind
    needed: bool = True
    beside: str = ""

    @property
    def tokenizer(self) -> str:
        """The folder of its tokenizer in a pipeline."""
        return self.beside or self.place.replace("text_encoder", "tokenizer")


@dataclass(frozen=True)
class FamilyText:
    """How a family reads a text.

    ``make`` puts loaded encoders (and tokenizers by themselves), by their folder's name, into one; it is told the
    configuration of the family's network too, as far as that is known: which template, which layers, what length, and
    what is left out.
    """

    parts: tuple[TextPart, ...]
    make: Callable[[Mapping[str, Encoding], Mapping[str, Any]], TextEncoder]


Told = Literal["", "inpainting", "image", "depth"]
"""What a network is shown beside the latent: nothing, what is known of an image to fill, an image's latent, depths."""


@dataclass(frozen=True)
class Shown:
    """What a family's networks are shown beside the latent, those that were trained for it.

    ``kind`` tells which by a network. ``inpainting`` puts together the latent (B, C, h, w) of an image, grey where it
    is to be filled, and where that is, 1 in (B, 1, H, W) pixels.
    """

    kind: Callable[[DiffusionNetwork], Told]
    inpainting: Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class FamilyNetwork:
    """A family's denoising network, and how it is asked.

    ``denoiser`` makes it a denoiser; its number is the guidance that networks are told which were distilled with it.
    ``place`` is its folder in a pipeline; ``guided``: whether it may be told that guidance. ``shown``: what networks
    of the family are shown beside the latent, where some are. ``flow_map``: whether one is told where each step goes.
    ``layers``: what its makers call layers that the library calls otherwise, by which adapters of theirs are read.
    """

    architecture: Architecture
    denoiser: Callable[[DiffusionNetwork, float], Denoiser]
    place: str = "transformer"
    guided: bool = False
    shown: Shown | None = None
    flow_map: Callable[[DiffusionNetwork], bool] = lambda network: False
    layers: tuple[RenamedRow, ...] = ()


@dataclass(frozen=True)
class FamilyLatent:
    """The space that a family works in.

    ``format`` is told from the network's configuration. ``files``: the families that rules tell a VAE's file as which
    fits, none where it makes its own. ``settings``: what the autoencoder is told that no weight says (scaling_factor,
    shift_factor, ...). ``place``: its folder in a pipeline.
    """

    autoencoder: Autoencoder
    format: Callable[[Mapping[str, Any]], LatentFormat]
    files: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    place: str = "vae"


Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True)
class References:
    """How a family is shown images besides a text: of which size its VAE encodes one, by the image's own size, and of
    which its text encoder sees it, where that sees.

    ``scaled``: the size that it is scaled to before its middle is encoded, where that is another. All are told a side
    in pixels too, 0 for the usual one.
    """

    encoded: Callable[[Size, int], Size]
    seen: Callable[[Size, int], Size] | None = None
    scaled: Callable[[Size, int], Size] | None = None


@dataclass(frozen=True)
class TrainingMarks:
    """Names of weights in a family's files that belong to no network, and say how one was trained: ``schedule`` tells
    it by the file, these weights, the network, and whether it predicts v where they do not say so."""

    names: tuple[str, ...]
    schedule: Callable[[Path, FileWeights, Any, bool], TrainedSchedule]


@dataclass(frozen=True)
class Family:
    """A family of models. Its folder ``nodes/loaders/families/<family>/`` has one in ``family.py``, called FAMILY.

    ``name`` is that of the rules beside it, which tell its files and folders. ``schedule`` gives the trained schedule
    of a network, by its configuration, where no folder says it, and ``learned`` what its weights tell beside;
    ``usual`` is added to what a folder says. ``marks``: what its files may say beside of how a network was trained.
    ``references``: how it is shown images, for families that are. ``control``: its ControlNets; ``other_controls``:
    those of other architectures in one file, by the name of a weight that they alone have; ``control_modes``: the kinds
    of images that a union of them is told by number. ``whole`` loads a folder or a file with all parts in its
    stead, where that says how it was trained.
    """

    name: str
    network: FamilyNetwork
    text: FamilyText
    latent: FamilyLatent
    schedule: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    usual: Mapping[str, Any] = field(default_factory=dict)
    learned: Callable[[torch.nn.Module], Mapping[str, Any]] = lambda _: {}
    marks: TrainingMarks | None = None
    references: References | None = None
    control: Architecture | None = None
    other_controls: Mapping[str, Architecture] = field(default_factory=dict)
    control_modes: Mapping[str, int] = field(default_factory=dict)
    whole: Callable[[Path, LoadTarget], Parts] | None = None
