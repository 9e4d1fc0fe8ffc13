"""GLM-Image's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, leads, masked, references


@dataclass(frozen=True, eq=False)
class GlmImageDenoiser(FlowDenoiser):
    """A `GlmImageTransformer2DModel` as a denoiser: each patch is told the token that was planned for it.

    A text without a plan is what it was trained with for no text. References, free of noise, are looked at in every
    layer; they do not look back.
    """

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        tokens, mask = masked(conditioning, len(x))
        if bool(mask.all()):
            return self._asked(x, timestep, tokens.to(x.dtype), conditioning)
        times, ids = timestep.expand(len(x)), conditioning.token_ids
        rows = []
        for number, kept in enumerate(mask):  # what fills a text up would be looked at
            own = conditioning if ids is None or len(ids) == 1 else replace(conditioning, token_ids=ids[number, None])
            one = slice(number, number + 1)
            rows.append(self._asked(x[one], times[one], tokens[one, kept].to(x.dtype), own))
        return torch.cat(rows)

    def _asked(self, x: Tensor, timestep: Tensor, tokens: Tensor, conditioning: Conditioning) -> Tensor:
        planned = self._planned(x, conditioning)
        sizes = self._sizes(x, conditioning)
        output: Tensor = self.ask(
            hidden_states=x,
            encoder_hidden_states=tokens,
            prior_token_id=planned.clamp(min=0),
            prior_token_drop=planned < 0,
            timestep=timestep.expand(len(x)) - 1,
            target_size=sizes[:, 4:],
            crop_coords=sizes[:, 2:4],
            kv_caches=self._remembered(x, tokens, conditioning),
        )
        return output

    def _sizes(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """(B, 6), of the image that x (B, C, h, w) becomes where nothing else is said."""
        height, width = (self.format.downscale * side for side in x.shape[-2:])
        usual = x.new_tensor([[height, width, 0, 0, height, width]])
        return (usual if conditioning.sizes is None else conditioning.sizes.to(x)).expand(len(x), 6)

    def _planned(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Tokens (B, patches), -1 without a plan. Raises NodeError for a plan of another size."""
        patch = int(self.network.module.config.patch_size)  # type: ignore[union-attr, arg-type]
        rows, columns = (side // patch for side in x.shape[-2:])
        ids = conditioning.token_ids
        if ids is None:
            if leads(conditioning):
                raise NodeError("no image was planned for this text; put Plan image tokens in its place")
            return torch.full((len(x), rows * columns), -1, device=x.device)
        sizes = self._sizes(x, conditioning) if conditioning.sizes is None else conditioning.sizes
        height, width = (int(side) for side in sizes[0, 4:].tolist())
        if (height, width) != tuple(self.format.downscale * side for side in x.shape[-2:]):
            asked = " x ".join(str(self.format.downscale * side) for side in reversed(x.shape[-2:]))
            raise NodeError(
                f"an image of {width} x {height} pixels was planned, and one of {asked} is painted; plan it in the "
                "size of the noise"
            )
        return ids.to(x.device).expand(len(x), -1)

    def _remembered(self, x: Tensor, tokens: Tensor, conditioning: Conditioning) -> Any:
        """Keys and values of the references in every layer; None without any. Raises NodeError where they were shown to
        the denoiser alone."""
        shown = references(conditioning, x)
        if not shown:
            return None
        if len(conditioning.sights) != len(shown):
            raise NodeError("GLM-Image sees references while it plans an image; wire them to Plan image tokens instead")
        from diffusers.models.transformers.transformer_glm_image import GlmImageKVCache

        module: Any = self.network.module
        found = GlmImageKVCache(num_layers=module.config.num_layers)
        found.set_mode("write")
        for latent, seen in zip(shown, conditioning.sights, strict=True):
            ids = seen.to(x.device).reshape(1, -1)
            self.ask(
                hidden_states=latent[:1],
                encoder_hidden_states=tokens[:1, :0],
                prior_token_id=ids,
                prior_token_drop=torch.zeros_like(ids, dtype=torch.bool),
                timestep=x.new_zeros(1),
                target_size=x.new_tensor([[self.format.downscale * side for side in latent.shape[-2:]]]),
                crop_coords=x.new_zeros(1, 2),
                kv_caches=found,
            )
        found.set_mode("read")
        return found
