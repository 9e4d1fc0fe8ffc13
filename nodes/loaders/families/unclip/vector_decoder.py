"""The decoders of unCLIP models: U-Nets that paint from a CLIP vector, and what brings it to them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from nodeflow.wires import Conditioning


class VectorDecoder(nn.Module):
    """A U-Net that is led by CLIP vectors of ``width`` numbers.

    ``nothing`` (1, width) is the vector that stands for none; None where the model does not know one.
    """

    unet: Any
    width: int
    nothing: Tensor | None

    @property
    def dtype(self) -> torch.dtype:
        found: torch.dtype = self.unet.dtype
        return found

    @abstractmethod
    def condition(self, vectors: Tensor, text: Conditioning) -> Conditioning:
        """Return what leads it, of vectors (B, width) and a text of the same model, both on its device."""

    @abstractmethod
    def taken(self, conditioning: Conditioning) -> tuple[Tensor, ...] | None:
        """The tensors that `forward` takes of what `condition` gave; None where another model's encoder gave it."""


class Karlo(VectorDecoder):
    """The decoder of Karlo: vectors enter beside the time and as tokens, and the text's tokens count too.

    Paper: Ramesh et al. 2022 (arXiv:2204.06125), section 2.1.
    """

    def __init__(self, unet: Any, text_proj: Any) -> None:
        super().__init__()
        self.unet, self.text_proj = unet, text_proj
        self.width = int(text_proj.learned_classifier_free_guidance_embeddings.shape[0])

    @property
    def nothing(self) -> Tensor:  # type: ignore[override]
        project: Any = self.text_proj
        found: Tensor = project.learned_classifier_free_guidance_embeddings[None]
        return found

    def condition(self, vectors: Tensor, text: Conditioning) -> Conditioning:
        """Tokens (B, 4 + L, D), what is added to the time (B, T), and which tokens count (B, 4 + L)."""
        project: Any = self.text_proj
        assert text.tokens is not None
        assert text.pooled is not None
        batch = max(len(vectors), len(text.tokens))
        tokens, added = project(
            image_embeddings=vectors.expand(batch, -1),
            prompt_embeds=text.pooled.expand(batch, -1),
            text_encoder_hidden_states=text.tokens.expand(batch, -1, -1),
            do_classifier_free_guidance=False,
        )
        words = torch.ones(text.tokens.shape[:2], dtype=torch.bool) if text.mask is None else text.mask
        counts = nn.functional.pad(words, (project.clip_extra_context_tokens, 0), value=True)
        return Conditioning(tokens, added, text.words, mask=counts.to(tokens.device).expand(batch, -1))

    def taken(self, conditioning: Conditioning) -> tuple[Tensor, ...] | None:
        tokens, added, counts = conditioning.tokens, conditioning.pooled, conditioning.mask
        project: Any = self.text_proj
        if tokens is None or added is None or counts is None or added.shape[1] != project.embedding_proj.out_features:
            return None
        return tokens, added, counts

    def forward(self, x: Tensor, timestep: Tensor, tokens: Tensor, added: Tensor, counts: Tensor) -> Tensor:
        output: Tensor = self.unet(x, timestep, tokens, added, attention_mask=counts, return_dict=False)[0]
        return output


class Kandinsky(VectorDecoder):
    """The decoder of Kandinsky 2.2, which works on latents and looks at the vector alone.

    Paper: Razzhigaev et al. 2023, Kandinsky (arXiv:2310.03502).
    """

    def __init__(self, unet: Any, nothing: Tensor | None) -> None:
        super().__init__()
        self.unet = unet
        self.width = int(unet.config.encoder_hid_dim)
        self.register_buffer("nothing", nothing)

    def condition(self, vectors: Tensor, text: Conditioning) -> Conditioning:
        """The vectors as they are, (B, width)."""
        return Conditioning(pooled=vectors)

    def taken(self, conditioning: Conditioning) -> tuple[Tensor, ...] | None:
        vectors = conditioning.pooled
        fits = vectors is not None and conditioning.tokens is None and vectors.shape[1] == self.width
        return (vectors,) if vectors is not None and fits else None

    def forward(self, x: Tensor, timestep: Tensor, vectors: Tensor) -> Tensor:
        output: Tensor = self.unet(
            x, timestep, None, added_cond_kwargs={"image_embeds": vectors.to(x.dtype)}, return_dict=False
        )[0]
        return output
