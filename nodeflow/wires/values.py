"""Values that flow between the nodes: immutable. Tensors on a wire are never changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Image:
    """Images: ``pixels`` (B, 3, H, W), float32, 0 to 1.

    Scaling may lead a little beyond; that is cut off where an image is shown, saved, or brought to 8 bits.
    """

    pixels: Tensor


@dataclass(frozen=True, eq=False)
class Mask:
    """Hold where something holds: ``values`` (B, 1, H, W), float32, 0 to 1."""

    values: Tensor


@dataclass(frozen=True)
class LatentFormat:
    """The space that a denoiser works in: channels, pixels per latent cell, and the side in cells it was trained at.

    ``cut``: whether an image's sides are cut to whole cells, rather than to be such.
    """

    channels: int
    downscale: int
    side: int
    cut: bool = False


@dataclass(frozen=True, eq=False)
class NoiseMask:
    """Hold where a latent is to be sampled anew: ``values`` (1 or B, 1, H, W) of any size, 1 there, 0 where not.

    ``differential`` is how far what lies between is a matter of when rather than of how much: with 1 a place of 0.3 is
    sampled in the last 0.3 of the way. ``fresh``: what stays gets noise of other seeds than the start had.
    """

    values: Tensor
    differential: float = 0.0
    fresh: bool = False


@dataclass(frozen=True, eq=False)
class Latent:
    """Latents: ``samples`` (B, C, h, w) in the denoiser's scale, and where alone a sampler works on them."""

    samples: Tensor
    noise_mask: NoiseMask | None = None


@dataclass(frozen=True, eq=False)
class Codes:
    """Images as tokens: ``values`` (B, h, w), int64, each the number of a vector in a codebook of ``size`` vectors.

    -1 stands for a place that has no code yet.
    """

    values: Tensor
    size: int


@dataclass(frozen=True)
class Area:
    """A rectangle of an image: ``height``, ``width``, ``top`` and ``left``, in pixels or as shares of it."""

    height: float
    width: float
    top: float
    left: float
    shares: bool = False


@dataclass(frozen=True, eq=False)
class Region:
    """Where, when and how strongly a text leads beside others.

    ``area`` is all that the denoiser sees of it; ``mask`` (B, 1, H, W), of any size, weighs its prediction (``fit``:
    what becomes of one of other proportions: refuse, stretch, cover), and with ``bounded`` the denoiser sees the
    rectangle around it alone. It leads from the share ``start`` of the steps to ``end``; of the trained timesteps
    instead, from the noisiest on, where ``trained``. ``summed`` texts add to each
    other what they say beyond the negative one, each times its strength, rather than being averaged.
    """

    area: Area | None = None
    mask: Tensor | None = None
    bounded: bool = False
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    trained: bool = False
    summed: bool = False
    fit: str = "refuse"


@dataclass(frozen=True, eq=False)
class Conditioning:
    """Hold what a text, or the name of a class, says to a denoiser.

    Of a text: ``tokens`` (B, L, D) hidden states; ``pooled`` (B, P) the text as a whole, where the model has it;
    ``words`` the L tokens as text, for people; ``mask`` (B, L) which tokens are more than filling, for models that look
    at those alone. Of classes: ``labels`` (B,) their numbers. ``score`` (B,) is how well people shall like the image,
    from 1 to 10, for models that are told so. ``sizes`` (B, 6) are height, width, top and left of the crop, and height
    and width that were aimed at, in pixels, for models that are told so. ``region`` is where it leads, if not
    everywhere and always; ``beside`` are further texts that lead together with it, each in its own region.
    ``references`` are latents (1, C, h, w) of images that the denoiser is shown besides, each of its own size, and
    ``slots`` (B, L) which tokens are of those images, as a text encoder saw them. ``away`` (B,) is 1 for what a
    prediction is led away from, to which a denoiser's image prompts are not shown; None for none of it. ``token_ids``
    (B, N) are the numbers of tokens that the denoiser looks up in a vocabulary of its own, -1 where they fill up.
    ``otherwise`` is the same text as it is read where a prediction is led away from it, for models that read it so.
    ``read_for`` is the family of models whose text encoder read it, empty where nobody knows. ``sights`` are what an
    encoder of images saw in each of the references, (1, h, w, C) for h x w patches, for models that are shown that too;
    for models that are shown no more than one vector of each image it is (B, 1, 1, C).
    """

    tokens: Tensor | None = None
    pooled: Tensor | None = None
    words: tuple[str, ...] = ()
    labels: Tensor | None = None
    mask: Tensor | None = None
    score: Tensor | None = None
    sizes: Tensor | None = None
    region: Region | None = None
    beside: tuple[Conditioning, ...] = ()
    references: tuple[Tensor, ...] = ()
    slots: Tensor | None = None
    away: Tensor | None = None
    token_ids: Tensor | None = None
    otherwise: Conditioning | None = None
    read_for: str = ""
    sights: tuple[Tensor, ...] = ()


@dataclass(frozen=True, eq=False)
class Reference:
    """An image that a model is shown besides a text, in the sizes of its ``family``.

    ``latent`` (1, C, h, w) is what the denoiser sees of it, ``seen`` (1, 3, H, W) what the text encoder sees, for
    families whose text encoder does.
    """

    latent: Latent
    seen: Image | None
    family: str


@dataclass(frozen=True)
class Classes:
    """The classes that a model knows: ``names`` by number, and the number ``none`` that stands for no class."""

    names: Mapping[int, str]
    none: int


@dataclass(frozen=True, eq=False)
class Embedding:
    """Images or texts as single vectors of a space that both share: ``values`` (B, D), of any length.

    ``labels`` are the B texts, for people; empty for images.
    """

    values: Tensor
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Scores:
    """Hold how well texts fit images: ``values`` (images, texts), cosines from -1 to 1; ``texts`` their words."""

    values: Tensor
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Curve:
    """Numbers to plot: ``y`` (N,) over ``x`` (N,), and what they are.

    ``name`` tells it from ``others``, which stand in the same chart; ``logarithmic``: that has powers of ten upwards.
    """

    x: Tensor
    y: Tensor
    x_name: str = "x"
    y_name: str = "y"
    name: str = ""
    others: tuple[Curve, ...] = ()
    logarithmic: bool = False


@dataclass(frozen=True)
class Files:
    """Files that a node wrote."""

    paths: tuple[Path, ...]
    stamps: tuple[tuple[int, int], ...] = field(default=())
    """Size and time of change of each when it was written: a result holds while its files stand as they were."""
