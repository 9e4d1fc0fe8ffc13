"""The training set of the models of tokens: pictures of centred subjects as codes, captioned anew each time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import VQModel
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import CLIPTokenizer

from training.data import captions
from training.data.scenes import Scene, draw_all, random_scene
from training.loops.run_folders import ASSETS, WORK
from training.loops.training_loop import epoch_indices
from training.models import vae, vq
from training.models.clip import attribute_codes, told_mask
from training.models.latent_diffusion import READINGS, with_filler

SEED, COUNT = 43, 20480
CAPTION_DROP = 0.1


@dataclass(frozen=True)
class CodeBatch:
    """``codes`` (B, 8, 8); ``texts`` B captions, some of them empty; ``attributes`` and ``told`` (B, 5) of captions."""

    codes: Tensor
    texts: list[str]
    attributes: Tensor
    told: Tensor


class Data:
    """20480 scenes, drawn and encoded once."""

    def __init__(self) -> None:
        rng = np.random.default_rng(SEED)
        self.scenes = [random_scene(rng, centre_share=1.0) for _ in range(COUNT)]
        self.codes = _encoded(self.scenes)
        self.attributes = attribute_codes(self.scenes)

    def batch(self, seed: int, step: int, count: int) -> CodeBatch:
        """The examples of a step, which depend on seed and step alone."""
        rng = np.random.default_rng([seed, step])
        chosen = epoch_indices(seed, step, count, COUNT)
        told = captions.write_all([self.scenes[index] for index in chosen], rng)
        dropped = rng.random(count) < CAPTION_DROP
        texts = ["" if drop else with_filler(c.text, rng) for drop, c in zip(dropped, told, strict=True)]
        return CodeBatch(
            self.codes[chosen], texts, self.attributes[chosen], told_mask(told) & ~torch.tensor(dropped)[:, None]
        )


@torch.no_grad()
def _encoded(scenes: list[Scene]) -> Tensor:
    """(20480, 8, 8), kept in a file between runs."""
    path = WORK / "vq" / "codes.pt"
    if path.exists():
        saved: Tensor = torch.load(path, weights_only=True)
        return saved
    model: Any = VQModel.from_pretrained(vq.FOLDER, torch_dtype=torch.float32).eval()
    parts = []
    for start in range(0, len(scenes), 128):
        pictures = (vae.to_tensor(draw_all(scenes[start : start + 128])) + 1) / 2
        with torch.autocast("cpu", torch.bfloat16):
            latents = model.encode(pictures).latents.float()
        parts.append(model.quantize(latents)[2][2].reshape(-1, *latents.shape[-2:]))
    codes = torch.cat(parts)
    torch.save(codes, path)
    return codes


def tokenizer() -> CLIPTokenizer:
    """That of the latent diffusion starter: each word of the grammar is one token."""
    return CLIPTokenizer.from_pretrained(ASSETS / "tokenizer")


def reading_loss(read: Tensor, batch: CodeBatch) -> Tensor:
    """Cross-entropy of each attribute that its caption tells, summed over the attributes. ``read`` is (B, 38)."""
    total = read.new_zeros(())
    for index, scores in enumerate(read.split([*map(len, READINGS.values())], 1)):
        weight = batch.told[:, index].float()
        each = cross_entropy(scores, batch.attributes[:, index], reduction="none")
        total = total + (each * weight).sum() / weight.sum().clamp(min=1)
    return total
