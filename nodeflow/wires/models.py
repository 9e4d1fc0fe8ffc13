"""Networks as they were loaded, and what the other parts ask of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from nodeflow.wires.schedules import Prediction
from nodeflow.wires.values import Classes, Codes, Conditioning, Embedding, Image, Latent, LatentFormat


class TextEncoder(Protocol):
    """A tokenizer and a text encoder."""

    def encode(self, texts: list[str]) -> Conditioning:
        """Texts to conditioning, one row each."""
        ...

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        """The same for each text by itself, and exactly what `encode` gives for it alone."""
        ...


@runtime_checkable
class SeeingTextEncoder(TextEncoder, Protocol):
    """One that reads a text about images."""

    def encode_seeing(self, text: str, images: Sequence[Image]) -> Conditioning:
        """A text about images, each (1, 3, H, W), to conditioning of one row."""
        ...


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A language model that answers in words, with its tokenizer of transformers.

    ``ends`` are the tokens that end an answer. ``eyes``: settings of transformers' Qwen2VLImageProcessor, for models
    that see; empty for others.
    """

    module: torch.nn.Module
    tokenizer: Any
    ends: tuple[int, ...]
    eyes: Mapping[str, Any] = field(default_factory=dict)


class CLIP(Protocol):
    """Two encoders that bring images and texts into one space (Radford et al. 2021)."""

    def embed_images(self, image: Image) -> Embedding:
        """A vector for each image, whatever its size; where gradients are asked for, they reach the pixels."""
        ...

    def embed_texts(self, texts: list[str]) -> Embedding:
        """A vector for each text."""
        ...

    def empty(self) -> Embedding:
        """The vector of an image that has everywhere the mean colour of images: of nothing in particular."""
        ...


class ImagePrompter(Protocol):
    """Networks that say what an image shows in a text's own tokens."""

    def tokens(self, image: Image) -> Tensor:
        """(B, L, D), of images (B, 3, H, W)."""
        ...


class IPAdapter(Protocol):
    """Networks that lead a denoiser by images, which it attends to beside the text (Ye et al. 2023)."""

    @property
    def family(self) -> str:
        """The family of models that it leads."""
        ...

    @property
    def layers(self) -> Sequence[torch.nn.Module]:
        """Networks that bring tokens (B, L, D) to keys and values (B, L, D'), one for each layer that attends to the
        text."""
        ...

    def tokens(self, image: Image, averaged: bool = False) -> Tensor:
        """(B, L, D), of images (B, 3, H, W); or (1, L, D), of the mean of what is seen in them."""
        ...

    def nothing(self) -> Tensor:
        """(1, L, D), what stands for no image where a prediction is led away from."""
        ...


class Classifier(Protocol):
    """A network that tells the class of a noisy image."""

    @property
    def format(self) -> LatentFormat:
        """The space that it knows noisy images in."""
        ...

    @property
    def classes(self) -> Classes: ...

    def logits(self, x: Tensor, timestep: Tensor) -> Tensor:
        """(B, classes), of x (B, C, h, w) at a timestep; a gradient by x can be had."""
        ...


class Upscaler(Protocol):
    """A network that makes images larger in one go."""

    @property
    def scale(self) -> int:
        """Return how many times larger, in each direction."""
        ...

    def upscale(self, image: Image) -> Image:
        """Images (B, 3, H, W) to (B, 3, scale H, scale W)."""
        ...


class VAE(Protocol):
    """An autoencoder between images and latents."""

    @property
    def format(self) -> LatentFormat: ...

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        """The mean of the posterior, or a sample of it where generators are given."""
        ...

    def decode(self, latent: Latent) -> Image:
        """Latents to images."""
        ...


class VQ(Protocol):
    """An autoencoder between images and codes (van den Oord et al. 2017)."""

    @property
    def size(self) -> int:
        """Return how many vectors its codebook has."""
        ...

    @property
    def downscale(self) -> int:
        """Pixels along a side of the place that a code stands for."""
        ...

    def encode(self, image: Image) -> Codes:
        """For each place of the images the nearest vector of the codebook."""
        ...

    def decode(self, codes: Codes) -> Image:
        """Codes to images; places without a code are left grey."""
        ...


@dataclass(frozen=True, eq=False)
class SequenceTransformer:
    """A transformer over one sequence: the tokens of a text, then the codes of an image, row by row.

    It takes ``text_length`` tokens of text, and knows ``size`` codes of a grid of ``side`` by ``side``, whose numbers
    follow on those of the ``words``. ``tokenizer`` is of the transformers library.
    """

    module: torch.nn.Module
    tokenizer: Any
    words: int
    text_length: int
    side: int
    size: int


@dataclass(frozen=True, eq=False)
class MaskedTransformer:
    """A transformer that foretells masked codes from those around them and a text.

    It knows ``size`` codes, each of ``downscale`` by ``downscale`` pixels, and was trained on grids of ``side`` by
    ``side``. ``schedule`` is the configuration of diffusers' AmusedScheduler.
    """

    module: torch.nn.Module
    size: int
    side: int
    downscale: int
    schedule: Mapping[str, Any]


class WeightUpdate(Protocol):
    """Hold what an adapter changes of one layer's weight W (out, in, ...), in a form of its own (LoRA, LoKr, DoRA,
    ...)."""

    def change(self, weight: Tensor) -> Tensor:
        """The whole change of a weight, in its shape and precision."""
        ...

    def added(self, call: Any) -> Tensor:
        """Return what the change adds to a layer's output in a call of it (a ``LayerCall`` of `nodes.networks`)."""
        ...


@dataclass(frozen=True, eq=False)
class LayerChange:
    """Hold what an adapter changes of one layer: its weight, and its bias (out,) where there is something for it.

    ``inputs``: how many the layer is given with it, where those are more than it has weights for; these are zero.
    """

    updates: tuple[WeightUpdate, ...]
    bias: Tensor | None = None
    inputs: int | None = None


@dataclass(frozen=True, eq=False)
class Adapter:
    """Hold what an adapter file (LoRA, Hu et al. 2021, and its kin) changes of a network's layers, ``weight`` times.

    ``layers`` are known by the layers' names. ``shares`` holds the further factor of each layer that has one. It acts
    in the steps from the share ``start`` of them to ``end``.
    """

    layers: Mapping[str, LayerChange]
    weight: float
    shares: Mapping[str, float] = field(default_factory=dict)
    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True, eq=False)
class DiffusionNetwork:
    """A denoising network as it was loaded (U-Net or transformer), the space it works in and what it predicts.

    ``adapters`` are added while it computes; the network itself, which others share, stays as it is. ``family`` is the
    name of the family of models that it was loaded as, empty where nothing depends on it.
    """

    module: torch.nn.Module
    format: LatentFormat
    prediction: Prediction
    adapters: tuple[Adapter, ...] = ()
    family: str = ""


@dataclass(frozen=True, eq=False)
class GeneratorNetwork:
    """A network that makes an image in one pass, as it was loaded.

    ``noise`` is how many numbers it starts from, ``side`` the pixels on a side of its images. ``discriminator`` is what
    it was judged by, where that was kept.
    """

    module: torch.nn.Module
    noise: int
    side: int
    discriminator: torch.nn.Module | None = None


Residuals = tuple[list[Tensor], Tensor]
"""What is added to a U-Net's skip connections, from the first on, and to its middle."""


class ControlNet(Protocol):
    """A network that leads a denoiser by an image (Zhang et al. 2023), or acts within it to that end."""

    @property
    def downscale(self) -> int:
        """Pixels of the control image per latent cell."""
        ...


@runtime_checkable
class ResidualControlNet(ControlNet, Protocol):
    """One that stands beside a U-Net, and adds to its skip connections."""

    def residuals(
        self,
        x: Tensor,
        timestep: Tensor,
        tokens: Tensor,
        picture: Tensor,
        strength: float,
        told: Mapping[str, Tensor] | None = None,
    ) -> Residuals:
        """Return what it adds to the U-Net for x (B, C, h, w), tokens (B, L, D) and control images (B, 3, H, W).

        ``told``: what else the U-Net is told, by diffusers' names (``added_cond_kwargs``).
        """
        ...
