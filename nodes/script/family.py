"""The shape of a family of models as scripts know it: which parts its folder has, and how these are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nodes.script.models import ANY, ScriptModel, ScriptNetwork, ScriptPart, Trained
from nodes.script.writer import Made

TextWriter = Callable[[ScriptModel, Mapping[str, Any]], Made]
"""Loads text encoders, told the network's configuration: the function that reads a text, and what it is given."""


@dataclass(frozen=True)
class Vae:
    """A kind of autoencoder, by the functions that encode and decode with it, and pixels of a cell."""

    kind: str
    encode: str
    decode: str
    downscale: int = 8
    module: str = "diffusers"


PLAIN = Vae("AutoencoderKL", "encode_image", "decode")
SHIFTED = Vae("AutoencoderKL", "encode_image_shifted", "decode_shifted")
FRAMES = Vae("AutoencoderKLQwenImage", "encode_frame", "decode_frame")
OPAQUE = Vae("AutoencoderKLQwenImage21", "encode_opaque_frame", "decode_frame", 16)
PATCHES = Vae("AutoencoderKLFlux2", "encode_patches", "decode_patches", 16)
DEEP = Vae("AutoencoderDC", "encode_deep", "decode", 32)


@dataclass(frozen=True)
class ScriptFamily:
    """A family as scripts know it.

    ``denoise`` asks its network, which lies in ``place``, with ``beside`` other parts where those folders are there.
    ``text`` loads its text encoders; ``channels`` are those of a latent, ``side`` its cells along one. ``usual``: what
    is added to the schedule of a folder; ``scheduled`` is the whole of it, whatever a
    folder says (``scheduled_always``) or where none says it. ``fits``: which of
    several families with the same class of network a folder is of.
    """

    name: str
    network: str
    denoise: str
    text: TextWriter
    vae: Vae
    channels: Callable[[Mapping[str, Any]], int]
    side: int = 128
    usual: Mapping[str, Any] = field(default_factory=dict)
    scheduled: Mapping[str, Any] | None = None
    scheduled_always: bool = True
    guided: bool = False
    control: str = ""
    place: str = "transformer"
    beside: Sequence[ScriptPart] = ()
    vae_place: str = "vae"
    fits: Callable[[Path, Mapping[str, Any]], bool] = lambda path, config: True

    def load(self, folder: ScriptModel, output: str) -> Made:
        """A part of a model."""
        match output:
            case "text_encoder":
                return self.text(folder, folder.config(self.place))
            case "vae":
                return Made(folder.part(ScriptPart(self.vae_place, self.vae.module, self.vae.kind)), self.vae)
            case "schedule":
                return Made("", self._trained(folder))
        return self._network(folder)

    def _network(self, folder: ScriptModel) -> Made:
        config = folder.config(self.place)
        prediction = self._trained(folder).prediction
        network = ScriptNetwork(
            config,
            self.channels(config),
            self.vae.downscale,
            self.side,
            prediction,
            self.name,
            layers=folder.layers(self.place),
        )
        parts = [folder.part(ScriptPart(self.place, "diffusers", self.network))]
        parts += [folder.part(one) for one in self.beside if folder.holds(one.subfolder)]
        return Made(parts[0] if len(parts) == 1 else f"({', '.join(parts)})", network)

    def _trained(self, folder: ScriptModel) -> Trained:
        if self.scheduled is not None and (self.scheduled_always or not folder.holds("scheduler")):
            return Trained(self.scheduled, usual=self.usual)
        return replace(folder.trained(), usual=self.usual)


def one_encoder(encode: str, kind: str, tokenizer: str = "AutoTokenizer", place: str = "tokenizer") -> TextWriter:
    """A family with one text encoder."""

    def write(folder: ScriptModel, config: Mapping[str, Any]) -> Made:
        model = folder.part(ScriptPart("text_encoder", "transformers", kind, ANY))
        inside = place if folder.holds(place) else "tokenizer"
        words = folder.part(ScriptPart(inside, "transformers", tokenizer))
        more = (str(config["num_text_layers"]),) if "num_text_layers" in config else ()
        return Made(folder.writer.use(encode), (words, model, *more))

    return write


def several_encoders(encode: str, *kinds: tuple[str, str]) -> TextWriter:
    """A family with several, each by its class and that of its tokenizer; a text is read by pairs of both."""

    def write(folder: ScriptModel, _: Mapping[str, Any]) -> Made:
        pairs = []
        for number, (kind, tokenizer) in enumerate(kinds, 1):
            behind = "" if number == 1 else f"_{number}"
            model = folder.part(ScriptPart(f"text_encoder{behind}", "transformers", kind, ANY))
            pairs.append(f"({folder.part(ScriptPart(f'tokenizer{behind}', 'transformers', tokenizer))}, {model})")
        return Made(folder.writer.use(encode), tuple(pairs))

    return write


def channels(name: str, cells: int = 1) -> Callable[[Mapping[str, Any]], int]:
    """Channels of a latent, of which a network takes so many cells as one place, by a word of its configuration."""

    def found(config: Mapping[str, Any]) -> int:
        return int(config[name]) // cells

    return found


def tokens(count: int) -> Mapping[str, Any]:
    """Noise levels that are spaced for an image of so many tokens."""
    return {"image_tokens": count}
