"""What flows on the wires: immutable values, and protocols for the parts that compute.

Conventions everywhere: pictures are RGB, float32, 0 to 1, ``(B, 3, H, W)``; latents are in the scale that the denoiser
sees; tensors on a wire are never changed in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

Prediction = Literal["epsilon", "v", "sample", "flow"]
"""What a denoiser predicts: noise, velocity (Salimans & Ho 2022), x_0, or the flow noise - x_0 (Lipman et al. 2023)."""


@dataclass(frozen=True, eq=False)
class Image:
    """Pictures: ``pixels`` (B, 3, H, W), float32, 0 to 1."""

    pixels: Tensor


@dataclass(frozen=True, eq=False)
class Mask:
    """Where something holds: ``values`` (B, 1, H, W), float32, 0 to 1."""

    values: Tensor


@dataclass(frozen=True)
class LatentFormat:
    """The space that a denoiser works in: channels, pixels per latent cell, and the side in cells it was trained at."""

    channels: int
    downscale: int
    side: int


@dataclass(frozen=True, eq=False)
class Latent:
    """Latents: ``samples`` (B, C, h, w) in the denoiser's scale."""

    samples: Tensor


@dataclass(frozen=True, eq=False)
class Codes:
    """Pictures as tokens: ``values`` (B, h, w), int64, each the number of a vector in a codebook of ``size`` vectors.

    -1 stands for a place that has no code yet.
    """

    values: Tensor
    size: int


@dataclass(frozen=True, eq=False)
class Conditioning:
    """What a text, or the name of a class, says to a denoiser.

    Of a text: ``tokens`` (B, L, D) hidden states; ``pooled`` (B, P) the text as a whole, where the model has it;
    ``words`` the L tokens as text, for people; ``mask`` (B, L) which tokens are more than filling, for models that look
    at those alone. Of classes: ``labels`` (B,) their numbers. ``score`` (B,) is how well people shall like the picture,
    from 1 to 10, for models that are told so.
    """

    tokens: Tensor | None = None
    pooled: Tensor | None = None
    words: tuple[str, ...] = ()
    labels: Tensor | None = None
    mask: Tensor | None = None
    score: Tensor | None = None


@dataclass(frozen=True)
class Classes:
    """The classes that a model knows: ``names`` by number, and the number ``none`` that stands for no class."""

    names: Mapping[int, str]
    none: int


@dataclass(frozen=True, eq=False)
class Embedding:
    """Pictures or texts as single vectors of a space that both share: ``values`` (B, D), of any length.

    ``labels`` are the B texts, for people; empty for pictures.
    """

    values: Tensor
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Scores:
    """How well texts fit pictures: ``values`` (pictures, texts), cosines from -1 to 1; ``texts`` their words."""

    values: Tensor
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Curve:
    """Numbers to plot: ``y`` (N,) over ``x`` (N,), and what they are."""

    x: Tensor
    y: Tensor
    x_name: str = "x"
    y_name: str = "y"


@dataclass(frozen=True, eq=False)
class Noise:
    """Seeded Gaussian noise, one seed for each picture, so that a batch equals its singles.

    ``width`` and ``height`` are those of the picture in pixels; 0 is what the model was trained at. ``values``
    (B, C, h, w) is the noise to start from where it is not drawn; the seeds are then those of what is drawn later.
    ``later`` names steps, in order, from which on other seeds draw what a solver adds.
    """

    seeds: tuple[int, ...]
    width: int = 0
    height: int = 0
    values: Tensor | None = None
    later: tuple[tuple[int, tuple[int, ...]], ...] = ()

    def generators(self) -> list[torch.Generator]:
        """Fresh random generators, one a picture. On the CPU, so that every device draws the same numbers."""
        return [torch.Generator().manual_seed(seed) for seed in self.seeds]

    def seeds_at(self, step: int) -> tuple[int, tuple[int, ...]]:
        """The seeds that draw at a step, and the step since which they do."""
        return next((change for change in reversed(self.later) if change[0] <= step), (0, self.seeds))


@dataclass(frozen=True)
class TrainedSchedule:
    """The noise schedule that a model was trained with, as the fields of a diffusers scheduler's configuration."""

    config: Mapping[str, Any]


class Solver(Protocol):
    """One run along a schedule. It has state (multistep history): made for the run and thrown away after it."""

    @property
    def timesteps(self) -> Tensor:
        """(N,) from most to least noise."""
        ...

    @property
    def sigmas(self) -> Tensor:
        """(N + 1,) noise to signal ratio at each step and at the end; for flow matching the noise's share."""
        ...

    @property
    def initial_scale(self) -> float:
        """Standard deviation of x at the first step."""
        ...

    @property
    def order(self) -> int:
        """How many timesteps make one step: 2 where each step asks the denoiser twice."""
        ...

    def scale_input(self, x: Tensor, index: int) -> Tensor:
        """What the denoiser sees of x (B, C, h, w) at a step."""
        ...

    def add_noise(self, x_0: Tensor, noise: Tensor, index: int) -> Tensor:
        """x at a step, from a clean latent and noise (the forward process)."""
        ...

    def step(
        self,
        output: Tensor,
        x: Tensor,
        index: int,
        generators: list[torch.Generator],
        variance: Tensor | None = None,
    ) -> Tensor:
        """x one step further, from the denoiser's output, and from the variance where the denoiser predicts it."""
        ...

    def original(self, output: Tensor, x: Tensor, index: int) -> Tensor:
        """The denoiser's estimate of x_0 at a step."""
        ...

    def thresholded(self, output: Tensor, x: Tensor, index: int) -> Tensor | None:
        """What keeping that estimate within its range does to it, (B, 3); None where nothing keeps it there.

        Of each picture the share of its values that lay beyond -1 to 1, the threshold that was set for it, and the
        share that lay beyond that and was cut off.
        """
        ...

    def state(self) -> dict[str, Any]:
        """What its steps so far have left in it, as plain values and tensors, lists and dicts; nothing changes it."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state that another run of the same schedule was in."""
        ...


class Schedule(Protocol):
    """Which scheduler, and how many steps of which sizes."""

    @property
    def steps(self) -> int: ...

    @property
    def flow(self) -> bool:
        """Whether it leads along the straight paths of flow matching rather than back through a diffusion."""
        ...

    def begin(self, prediction: Prediction, device: torch.device, learned_variance: bool = False) -> Solver:
        """A solver for one run with a denoiser of this prediction type. Raises NodeError where the two do not fit.

        ``learned_variance``: the denoiser predicts the variance of each step too.
        """
        ...


class TextEncoder(Protocol):
    """A tokenizer and a text encoder."""

    def encode(self, texts: list[str]) -> Conditioning:
        """Texts to conditioning, one row each."""
        ...

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        """The same for each text by itself, and exactly what `encode` gives for it alone."""
        ...


class CLIP(Protocol):
    """Two encoders that bring pictures and texts into one space (Radford et al. 2021)."""

    def embed_images(self, image: Image) -> Embedding:
        """A vector for each picture, whatever its size; where gradients are asked for, they reach the pixels."""
        ...

    def embed_texts(self, texts: list[str]) -> Embedding:
        """A vector for each text."""
        ...

    def empty(self) -> Embedding:
        """The vector of a picture that has everywhere the mean colour of pictures: of nothing in particular."""
        ...


class Classifier(Protocol):
    """A network that tells the class of a noisy picture."""

    @property
    def format(self) -> LatentFormat:
        """The space that it knows noisy pictures in."""
        ...

    @property
    def classes(self) -> Classes: ...

    def logits(self, x: Tensor, timestep: Tensor) -> Tensor:
        """(B, classes), of x (B, C, h, w) at a timestep; a gradient by x can be had."""
        ...


class Upscaler(Protocol):
    """A network that makes pictures larger in one go."""

    @property
    def scale(self) -> int:
        """How many times larger, in each direction."""
        ...

    def upscale(self, image: Image) -> Image:
        """Pictures (B, 3, H, W) to (B, 3, scale H, scale W)."""
        ...


class VAE(Protocol):
    """An autoencoder between pictures and latents."""

    @property
    def format(self) -> LatentFormat: ...

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        """The mean of the posterior, or a sample of it where generators are given."""
        ...

    def decode(self, latent: Latent) -> Image:
        """Latents to pictures."""
        ...


class VQ(Protocol):
    """An autoencoder between pictures and codes (van den Oord et al. 2017)."""

    @property
    def size(self) -> int:
        """How many vectors its codebook has."""
        ...

    @property
    def downscale(self) -> int:
        """Pixels along a side of the place that a code stands for."""
        ...

    def encode(self, image: Image) -> Codes:
        """For each place of the pictures the nearest vector of the codebook."""
        ...

    def decode(self, codes: Codes) -> Image:
        """Codes to pictures; places without a code are left grey."""
        ...


@dataclass(frozen=True, eq=False)
class SequenceTransformer:
    """A transformer over one sequence: the tokens of a text, then the codes of a picture, row by row.

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


@dataclass(frozen=True, eq=False)
class Adapter:
    """What a low-rank adapter (LoRA, Hu et al. 2021) adds to layers of a network, ``weight`` times.

    ``layers`` holds for each layer by its name the factors A (r, ...) and B (..., r) of its weight's change B A.
    """

    layers: Mapping[str, tuple[Tensor, Tensor]]
    weight: float


@dataclass(frozen=True, eq=False)
class DiffusionNetwork:
    """A denoising network as it was loaded (U-Net or transformer), the space it works in and what it predicts.

    ``adapters`` are added while it computes; the network itself, which others share, stays as it is.
    """

    module: torch.nn.Module
    format: LatentFormat
    prediction: Prediction
    adapters: tuple[Adapter, ...] = ()


@dataclass(frozen=True, eq=False)
class GeneratorNetwork:
    """A network that makes a picture in one pass, as it was loaded.

    ``noise`` is how many numbers it starts from, ``side`` the pixels on a side of its pictures.
    """

    module: torch.nn.Module
    noise: int
    side: int


Residuals = tuple[list[Tensor], Tensor]
"""What is added to a U-Net's skip connections, from the first on, and to its middle."""


class ControlNet(Protocol):
    """A network beside a U-Net that leads it by a picture (Zhang et al. 2023)."""

    @property
    def downscale(self) -> int:
        """Pixels of the control picture per latent cell."""
        ...

    def residuals(
        self,
        x: Tensor,
        timestep: Tensor,
        tokens: Tensor,
        picture: Tensor,
        strength: float,
        told: Mapping[str, Tensor] | None = None,
    ) -> Residuals:
        """What it adds to the U-Net for x (B, C, h, w), tokens (B, L, D) and control pictures (B, 3, H, W).

        ``told``: what else the U-Net is told, by diffusers' names (``added_cond_kwargs``).
        """
        ...


class Denoiser(Protocol):
    """A network behind the one interface that sampling knows."""

    @property
    def format(self) -> LatentFormat: ...

    @property
    def prediction(self) -> Prediction: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype: ...

    @property
    def learned_variance(self) -> bool:
        """Whether its output has C more channels, which say the variance of a step (Nichol & Dhariwal 2021)."""
        ...

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        """The network's output (B, C, h, w), or (B, 2 C, h, w) with a learned variance, for x at a timestep.

        Conditioning of one row serves the whole batch.
        """
        ...


@dataclass(frozen=True, eq=False)
class Guided:
    """A guided prediction and what it was made from, each (B, C, h, w); ``variance`` where the denoiser predicts it."""

    output: Tensor
    conditional: Tensor
    unconditional: Tensor | None = None
    variance: Tensor | None = None


class Guider(Protocol):
    """A denoiser together with what leads it."""

    @property
    def denoiser(self) -> Denoiser: ...

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        """The guided prediction for x at step ``index`` of ``total``."""
        ...

    def at(self, index: int, total: int) -> Guider:
        """The guider in force at a step, which alone determines the prediction there: itself, where it never changes.

        As a frozen dataclass it can be told from others, so that runs that agree up to a step share what they compute.
        """
        ...

    def unguided(self) -> Guider:
        """The same without guidance: the conditional prediction alone, in half the time where it took two."""
        ...


@dataclass(frozen=True, eq=False)
class Attention:
    """Where each place of the picture looked in one step: shares of its attention, float16, the mean over heads.

    For each layer by name: ``maps`` (B, h, w, L) to the L tokens of the text, ``words``; ``places`` (B, h, w, h', w')
    to the picture itself. The shares of a layer that looks at one of them sum to 1; where one softmax is over both
    (joint attention), the two sum to 1 together.
    """

    words: tuple[str, ...]
    maps: Mapping[str, Tensor]
    places: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What happened in a sampling run, step by step: N steps, each tensor (B, C, h, w).

    ``x`` has N + 1 entries (the last is the result); ``original`` is the estimate of x_0 at each step.
    ``unconditional`` has None for a step that made no such prediction, and is empty where none did.
    ``attention`` is empty unless it was asked for. ``first`` is the number of its first step on the schedule.
    ``levels`` (N, 2) are alpha and sigma of each step, where x = alpha x_0 + sigma noise. ``thresholded`` is what
    `Solver.thresholded` tells of each step, (B, 3); None for a step that left x_0 as it was, empty where all did.
    """

    timesteps: Tensor
    sigmas: Tensor
    x: tuple[Tensor, ...] = ()
    original: tuple[Tensor, ...] = ()
    conditional: tuple[Tensor, ...] = ()
    unconditional: tuple[Tensor | None, ...] = ()
    attention: tuple[Attention, ...] = ()
    first: int = 0
    levels: Tensor | None = None
    thresholded: tuple[Tensor | None, ...] = ()


@dataclass(frozen=True)
class Files:
    """Files that a node wrote."""

    paths: tuple[Path, ...]
    stamps: tuple[tuple[int, int], ...] = field(default=())
    """Size and time of change of each when it was written: a result holds while its files stand as they were."""
