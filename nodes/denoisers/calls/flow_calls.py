"""Parts of the calls of transformers trained with rectified flow, whatever the family. No nodes here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.attached import AttachedControl
from nodes.denoisers.network_denoiser import NetworkDenoiser
from nodes.networks.low_rank import adapted


@dataclass(frozen=True, eq=False)
class FlowDenoiser(NetworkDenoiser):
    """Hold what these denoisers share."""

    shown: Tensor | None = field(default=None, kw_only=True)
    """(B, K, h, w), what a network sees beside the latent that was trained for it."""

    controls: tuple[AttachedControl, ...] = field(default=(), kw_only=True)
    """ControlNets of transformers, each with the latent of its image."""

    def at(self, index: int, total: int) -> Self:
        """With the controls and adapters alone that act at a step."""
        led = super().at(index, total)
        controls = tuple(control.for_a_step() for control in self.controls if control.acts(index, total))
        return replace(led, controls=controls) if self.controls else led

    def led(self, x: Tensor, timestep: Tensor, ask: Callable[[Any, Tensor, float], Any]) -> list[Any]:
        """What each control says that acts at a timestep. ``ask`` is given its network, its latent (B, C, h, w) and
        strength."""
        with adapted(self.network.module, self.network.adapters):
            return [
                ask(control.net, control.fitted(x), control.strength)
                for control in self.controls
                if control.acts_at(timestep)
            ]

    def cropped(self, top: int, left: int, height: int, width: int) -> Self:
        """With what is shown beside the latent cropped to a rectangle of cells."""
        shown = None if self.shown is None else self.shown[..., top : top + height, left : left + width]
        controls = tuple(control.cropped(top, left, height, width) for control in self.controls)
        images = tuple(image.cropped(top, left, height, width, self.format.downscale) for image in self.images)
        return replace(self, shown=shown, controls=controls, images=images)

    @property
    def learned_variance(self) -> bool:
        return False


def summed(found: Sequence[Sequence[Tensor]]) -> list[Tensor] | None:
    """What several controls add to the blocks of a transformer, block by block; None where none adds anything."""
    kept = [one for one in found if one]
    return [sum(parts[1:], parts[0]) for parts in zip(*kept, strict=True)] if kept else None


def packed(x: Tensor) -> Tensor:
    """(B, C, h, w) to tokens (B, h/2 w/2, 4 C), one for each 2 x 2 cells."""
    return x.unfold(2, 2, 2).unfold(3, 2, 2).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def unpacked(tokens: Tensor, rows: int, columns: int) -> Tensor:
    """Tokens (B, h/2 w/2, 4 C) back to (B, C, h, w)."""
    cells = tokens.unflatten(1, (rows, columns)).unflatten(-1, (-1, 2, 2))
    return cells.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)


def tokens_and_whole(conditioning: Conditioning, batch: int) -> tuple[Tensor, Tensor]:
    """Tokens and the text as a whole, a row for each of the batch. Raises NodeError where one of them is missing."""
    tokens, pooled = conditioning.tokens, conditioning.pooled
    if tokens is None or pooled is None:
        raise NodeError("this transformer is led by a text's tokens and by the text as a whole; wire its own encoding")
    return tokens.expand(batch, *tokens.shape[1:]), pooled.expand(batch, *pooled.shape[1:])


def masked(conditioning: Conditioning, batch: int) -> tuple[Tensor, Tensor]:
    """Tokens and which of them are more than filling, a row for each of the batch. Raises NodeError without them."""
    tokens, mask = conditioning.tokens, conditioning.mask
    if tokens is None or mask is None:
        raise NodeError("this transformer is led by what a language model reads; wire its own encoding of a text")
    return tokens.expand(batch, *tokens.shape[1:]), mask.expand(batch, *mask.shape[1:])


def refuse_references(conditioning: Conditioning) -> None:
    """Raise NodeError for conditioning with images that a network is not shown."""
    if conditioning.references:
        raise NodeError("this model takes no reference images; wire a text without them")


def leads(conditioning: Conditioning) -> bool:
    """Return whether a prediction is led to it, and not only away from it."""
    return conditioning.away is None or not bool(conditioning.away.all())


def references(conditioning: Conditioning, x: Tensor) -> list[Tensor]:
    """The latents of reference images, for each of a batch x (B, C, h, w). Raises NodeError for another model's."""
    for latent in conditioning.references:
        if latent.shape[1] != x.shape[1]:
            raise NodeError(
                f"a reference image was encoded into {latent.shape[1]} channels, and this model paints {x.shape[1]}; "
                "encode it with the model's own VAE"
            )
    return [latent.to(x).expand(len(x), *latent.shape[1:]) for latent in conditioning.references]
