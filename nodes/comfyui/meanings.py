"""Meaning of ComfyUI's wires in terms of nodes here: one of its wires is often several of ours, or none yet."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec


class CannotTranslateError(Exception):
    """Why a node has no counterpart here, as a half sentence; a placeholder takes its place."""


class NotWiredError(CannotTranslateError):
    """Nothing is wired to an input that a node cannot be without."""

    def __init__(self, input: str) -> None:
        super().__init__(f"nothing is wired to its {input}")
        self.input = input


FAULTS = (CannotTranslateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""Why a node is not translated: the others are what values of a wrong kind may bring about in a function."""


class Wire(NamedTuple):
    """An output of a node here."""

    node: str
    output: str

    def other(self, output: str) -> Wire:
        """Another output of the same node."""
        return Wire(self.node, output)


BY_FAMILY = "by family"
"""The kind of a model, or of a text encoder, that the one denoiser of all families calls."""


class Value(msgspec.Struct, frozen=True):
    """A number, text or choice that a node gives: its wire, and what it is, as far as that is known now."""

    wire: Wire
    constant: Any = None


class Over(NamedTuple):
    """A node that stands over the guider of a model, and its parameters; some take the sampler's schedule too."""

    kind: str
    params: tuple[tuple[str, Any], ...] = ()
    schedule: bool = False


class Scale(NamedTuple):
    """Another guidance scale in a part of the steps, as shares of these."""

    scale: Any
    start: Any
    end: Any


class Weakened(NamedTuple):
    """Blocks that are left out for the negative text in a part of the steps."""

    layers: str
    start: Any
    end: Any


class Model(msgspec.Struct, frozen=True):
    """A network with the noise levels it was trained with. ``kind`` says which denoiser it is called by.

    ``denoisers`` stand over its denoiser, ``rule`` in the place of classifier-free guidance, ``over`` over the guider.
    """

    network: Wire
    schedule: Wire | None = None
    kind: str = "unet"
    prediction: str = ""
    denoisers: tuple[Over, ...] = ()
    rule: Over | None = None
    over: tuple[Over, ...] = ()
    scales: tuple[Scale, ...] = ()
    weakened: Weakened | None = None
    differential: Any = None
    """How much a noise mask opens along the way."""
    family: str = ""
    shown: str = ""
    """What a network of a family sees beside the latent: ``inpainting``, ``image``, or nothing."""
    flow_map: bool = False
    """Whether it was distilled to go from one noise level to another at once."""
    guessed: bool = False
    """Nothing here has loaded it, so that its kind is not known."""
    loaded: Wire | None = None
    """The network as it was loaded, before anything was put on it."""
    maps: str = ""
    """What it gives where it turns one latent into another at once, instead of painting one."""


class ImportedClip(msgspec.Struct, frozen=True):
    """A text encoder, of which kind of model, and which layer of it is read, counted from the last; 0 the usual one."""

    wire: Wire
    kind: str = ""
    skip: int = 0
    file: Any = None
    """The file of its first part, which may be a language model."""


class Control(NamedTuple):
    """A ControlNet with the image that it leads by."""

    net: Wire
    image: Wire
    strength: Any
    start: Any
    end: Any
    kind: str = ""
    vae: Wire | None = None
    mask: Wire | None = None


class InpaintInput(NamedTuple):
    """What a model sees beside the latent: the nodes of an image, and of a mask where it is for inpainting."""

    vae: Wire
    image: Wire
    mask: Wire | None = None


class ImportedConditioning(msgspec.Struct, frozen=True):
    """A text as a network reads it, and what ComfyUI puts on it that stands on the denoiser here."""

    wire: Wire
    guidance: Any = None
    controls: tuple[Control, ...] = ()
    beside: InpaintInput | None = None
    zero: bool = False
    """Zeros in place of the text: there is no wire of these."""
    clip: ImportedClip | None = None
    words: Any = ""
    references: tuple[Wire, ...] = ()
    """What it was encoded of, as long as nothing has changed it: with more images it is encoded anew."""
    seen: bool = False
    """Whether images stand in the place of the text as a whole."""


class EmptyLatent(msgspec.Struct, frozen=True):
    """Zeros of a size in pixels: noise has that size here, and no node is needed."""

    width: Any
    height: Any
    batch: Any = 1
    kind: str = ""
    """The class that made it, where it was one of ComfyUI's own."""


class ImportedLatent(msgspec.Struct, frozen=True):
    """A latent, the mask of what to paint anew, whether that was grown since, and how many latents there are."""

    wire: Wire
    mask: Wire | None = None
    batch: Any = 1
    grown: bool = False
    image: Wire | None = None
    vae: Wire | None = None
    """What it was encoded of, as long as nothing has changed it."""
    index: tuple[int, ...] = ()
    """Of which images of a longer batch its noise is drawn; empty where that is as usual."""


class ImportedSampler(msgspec.Struct, frozen=True):
    """A sampler by its name, with its options."""

    name: Any
    options: dict[str, Any] = {}


class ImportedGuider(msgspec.Struct, frozen=True):
    """A model with its texts; without a ``negative`` nothing leads away from anything."""

    model: Model
    positive: ImportedConditioning
    negative: ImportedConditioning | None = None
    scale: Any = 1.0
    middle: ImportedConditioning | None = None
    """A second text between the two, with a scale of its own."""
    middle_scale: Any = 1.0
    nested: bool = False
    other: Model | None = None
    """Another model for the negative text."""


class ImportedNoise(msgspec.Struct, frozen=True):
    """A seed; None for no noise at all."""

    seed: Any = None


class ImportedControlNet(msgspec.Struct, frozen=True):
    """A loaded ControlNet; ``kind`` where it serves several."""

    wire: Wire
    kind: str = ""


def wire_of(meaning: Any) -> Wire | None:
    """The one wire that stands for a meaning; None where there is none."""
    if isinstance(meaning, Wire):
        return meaning
    if isinstance(meaning, Model):
        return meaning.network
    if isinstance(meaning, ImportedConditioning):
        return None if meaning.zero else meaning.wire
    if isinstance(meaning, (Value, ImportedLatent, ImportedControlNet, ImportedClip)):
        return meaning.wire
    return None
