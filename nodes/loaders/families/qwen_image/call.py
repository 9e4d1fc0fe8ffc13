"""Qwen-Image's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, packed, references, summed, unpacked
from nodes.loaders.families.qwen_image.block_control import BlockControl, Steering, steered


@dataclass(frozen=True, eq=False)
class QwenImageDenoiser(FlowDenoiser):
    """A `QwenImageTransformer2DModel` as a denoiser, whose patches of 2 x 2 cells are packed and unpacked here.

    What it paints comes first, reference images behind it.
    """

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        tokens, mask = masked(conditioning, len(x))
        longest = int(mask.sum(1).max())
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        images = [x, *references(conditioning, x)]
        given: dict[str, Any] = {
            "hidden_states": torch.cat([packed(image) for image in images], 1),
            "timestep": timestep.expand(len(x)).to(x.dtype) / 1000,
            "encoder_hidden_states": tokens[:, :longest],
            "encoder_hidden_states_mask": mask[:, :longest],
            "img_shapes": [[(1, image.shape[-2] // 2, image.shape[-1] // 2) for image in images]] * len(x),
        }
        steerings = list[Steering]()

        def ask(net: Any, latent: Tensor, strength: float) -> Any:
            if isinstance(net.module, BlockControl):
                steerings.append(Steering(net.module, net.module.img_in(packed(latent)), strength))
                return ()
            if len(images) > 1:
                raise NodeError("this ControlNet leads what is painted alone; wire a text without reference images")
            return net.module(**given, controlnet_cond=packed(latent), conditioning_scale=strength, return_dict=False)

        added = summed(self.led(x, timestep, ask))
        with steered(self.network.module, steerings):
            output: Tensor = self.ask(**given, controlnet_block_samples=added)
        return unpacked(output[:, : rows * columns], rows, columns)
