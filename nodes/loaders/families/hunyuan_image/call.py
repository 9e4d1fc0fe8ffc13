"""HunyuanImage's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, refuse_references
from nodes.loaders.families.hunyuan_image.glyph_text import GLYPHS


@dataclass(frozen=True, eq=False)
class HunyuanImageDenoiser(FlowDenoiser):
    """A `HunyuanImageTransformer2DModel` as a denoiser; a distilled one is told its guidance."""

    guidance: float

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        module: Any = self.network.module
        if module.config.use_meanflow:
            raise NodeError(
                "this HunyuanImage was distilled by mean flow and is told where a step ends, which no node does yet; "
                "take the one that was not distilled"
            )
        tokens, mask = masked(conditioning, len(x))
        tokens = tokens.to(x.dtype)
        told = x.new_full((len(x),), 1000 * self.guidance) if module.config.guidance_embeds else None
        output: Tensor = self.ask(
            hidden_states=x,
            timestep=timestep.expand(len(x)).to(x.dtype),
            encoder_hidden_states=tokens[:, :-GLYPHS],
            encoder_attention_mask=mask[:, :-GLYPHS],
            encoder_hidden_states_2=tokens[:, -GLYPHS:, : module.config.text_embed_2_dim],
            encoder_attention_mask_2=mask[:, -GLYPHS:],
            guidance=told,
        )
        return output

    def in_order(self, conditioning: Conditioning) -> tuple[str, ...]:
        """The words of a text as the network has them: signs and text before what fills both up."""
        words, mask = conditioning.words, conditioning.mask
        if mask is None or len(words) != mask.shape[1]:
            return words
        kept = mask[0].bool().tolist()
        parts = [list(zip(words, kept, strict=True))[part] for part in (slice(-GLYPHS, None), slice(None, -GLYPHS))]
        return tuple(word for wanted in (True, False) for part in parts for word, one in part if one == wanted)
