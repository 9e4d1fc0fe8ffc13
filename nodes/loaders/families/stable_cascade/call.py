"""Stable Cascade's U-Nets, as diffusers' pipelines ask them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import leads, refuse_references
from nodes.denoisers.network_denoiser import NetworkDenoiser

TIMES = 1000
"""Timesteps that stand for the way from image to noise, which the networks are told as a share."""


@dataclass(frozen=True, eq=False)
class CascadeDenoiser(NetworkDenoiser):
    """What both have in common."""

    @property
    def learned_variance(self) -> bool:
        return False

    def ratio(self, x: Tensor, timestep: Tensor) -> Tensor:
        """How far it is to the image, 1 at pure noise, for each of x (B, C, h, w)."""
        return ((timestep.float() + 1) / TIMES).expand(len(x)).to(x)

    def whole(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """The text as a whole (B, 1, P). Raises NodeError without it."""
        if conditioning.pooled is None:
            raise NodeError("Stable Cascade is led by a text as a whole; wire its own encoding of a text")
        pooled = conditioning.pooled
        return pooled.to(x).expand(len(x), *pooled.shape[1:])[:, None]


@dataclass(frozen=True, eq=False)
class StageC(CascadeDenoiser):
    """A `StableCascadeUNet` that paints the small latent, led by a text; images that it could be shown are none."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens = conditioning.tokens
        if tokens is None:
            raise NodeError("Stable Cascade is led by the tokens of a text; wire its own encoding of a text")
        width = self.network.module.config.clip_image_in_channels  # type: ignore[union-attr]
        output: Tensor = self.ask(
            sample=x,
            timestep_ratio=self.ratio(x, timestep),
            clip_text_pooled=self.whole(x, conditioning),
            clip_text=tokens.to(x).expand(len(x), *tokens.shape[1:]),
            clip_img=x.new_zeros(len(x), 1, int(width)),  # type: ignore[arg-type]
        )
        return output


@dataclass(frozen=True, eq=False)
class StageB(CascadeDenoiser):
    """A `StableCascadeUNet` that paints the large latent, led by the small one; without it, by zeros."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        output: Tensor = self.ask(
            sample=x,
            timestep_ratio=self.ratio(x, timestep),
            clip_text_pooled=self.whole(x, conditioning),
            effnet=self._small(x, conditioning),
        )
        return output

    def _small(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """(B, 16, h, w). Raises NodeError for another model's latent."""
        channels = int(self.network.module.config.effnet_in_channels)  # type: ignore[union-attr, arg-type]
        if not conditioning.references:
            if leads(conditioning):
                raise NodeError("stage B is led by what stage C painted; wire Cascade conditioning to it")
            return x.new_zeros(len(x), channels, 1, 1)
        (latent, *more) = conditioning.references
        if more or latent.shape[1] != channels or len(latent) not in (1, len(x)):
            raise NodeError(
                f"stage B takes one latent of stage C of {channels} channels for each image, and "
                f"{1 + len(more)} of {latent.shape[1]} for {len(latent)} are given; wire what stage C painted to "
                "Cascade conditioning"
            )
        return latent.to(x).expand(len(x), *latent.shape[1:])
