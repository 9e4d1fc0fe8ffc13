"""CogView 4's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, refuse_references


@dataclass(frozen=True, eq=False)
class CogView4Denoiser(FlowDenoiser):
    """A `CogView4Transformer2DModel` as a denoiser: it is told how large and how cropped an image was, as XL is."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens = conditioning.tokens
        if tokens is None:
            raise NodeError("this transformer is led by what a language model reads; wire its own encoding of a text")
        height, width = (self.format.downscale * side for side in x.shape[-2:])
        usual = x.new_tensor([[height, width, 0, 0, height, width]])
        sizes = (usual if conditioning.sizes is None else conditioning.sizes.to(x)).expand(len(x), 6)
        output: Tensor = self.ask(
            hidden_states=x,
            encoder_hidden_states=tokens.expand(len(x), *tokens.shape[1:]).to(x.dtype),
            timestep=timestep.expand(len(x)),
            original_size=sizes[:, :2],
            target_size=sizes[:, 4:],
            crop_coords=sizes[:, 2:4],
        )
        return output
