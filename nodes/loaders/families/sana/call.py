"""Sana's transformer as a denoiser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, refuse_references, summed


@dataclass(frozen=True, eq=False)
class SanaDenoiser(FlowDenoiser):
    """A `SanaTransformer2DModel` as a denoiser, which looks at an image in time that grows with its size alone."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        return self.call(x, timestep * module.config.timestep_scale, conditioning)

    def call(self, x: Tensor, timestep: Tensor, conditioning: Conditioning, guidance: Tensor | None = None) -> Tensor:
        """The network's output for x (B, C, h, w), and for the guidance (B,) that it may be told."""
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        given: dict[str, Any] = {
            "encoder_hidden_states": tokens.to(x.dtype),
            "encoder_attention_mask": mask.to(x.dtype),
            "timestep": timestep.expand(len(x)),
        }

        def ask(net: Any, latent: Tensor, strength: float) -> Any:
            return net.module(x, **given, controlnet_cond=latent, conditioning_scale=strength, return_dict=False)[0]

        added = summed(self.led(x, timestep, ask))
        beside = {} if added is None else {"controlnet_block_samples": tuple(added)}
        output: Tensor = self.ask(x, **given, guidance=guidance, **beside)
        return output[:, : self.format.channels]


@dataclass(frozen=True, eq=False)
class SprintDenoiser(SanaDenoiser):
    """Sana Sprint's, which was distilled with guidance and is told it.

    Trained along an arc (x = cos t x_0 + sin t noise), it is asked along the line from image to noise, as its own
    transformer still is: both know the same points, at sin t / (cos t + sin t) of the way.
    """

    guidance: float

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        guidance = x.new_full((len(x),), self.guidance) * module.config.guidance_embeds_scale
        return self.call(x, timestep / 1000, conditioning, guidance)
