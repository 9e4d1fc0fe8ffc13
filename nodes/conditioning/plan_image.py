"""Models that plan an image in tokens before they paint it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Annotated

import torch

from nodeflow.node import Multiline, NodeError, Range, Seed, Slider, Step, node
from nodeflow.wires import Conditioning, Reference, TextEncoder
from nodes.conditioning.reference_images import refuse_other_families
from nodes.loaders.text_encoders.planning import PlanningTextEncoder, TokenDrawing
from nodes.loaders.text_encoders.read_for import signed


@node("Plan image tokens")
def plan_image_tokens(
    text_encoder: TextEncoder,
    *references: Reference,
    text: Annotated[str, Multiline()] = "",
    width: Annotated[int, Range(64, 4096, 32)] = 1024,
    height: Annotated[int, Range(64, 4096, 32)] = 1024,
    seed: Annotated[int, Seed()] = 0,
    temperature: Annotated[float, Slider(0, 2, 0.05)] = 0.9,
    top_k: Annotated[int, Range(0, 20000)] = 0,
    top_p: Annotated[float, Slider(0.01, 1, 0.01)] = 0.75,
) -> Generator[Step, None, Conditioning]:
    """Lets a model's language model plan an image in tokens, from which its denoiser paints (GLM-Image).

    Each token stands for 32 x 32 pixels, and is drawn by ``seed`` from what the model foresees after all before it:
    first those of a small image, then those of the image itself, row by row. With ``references`` the model sees these,
    and plans the changed image at once. ``width`` and ``height`` are those of the noise. ``temperature``, ``top_k`` (0:
    all) and ``top_p`` are as in Generate text. The negative text needs no plan: Text encode of an empty one.

    Fails for a text encoder that plans nothing, and for references of another family.
    Paper: Ramesh et al. 2021, Zero-Shot Text-to-Image Generation (arXiv:2102.12092), plans in tokens too.
    """
    if not isinstance(text_encoder, PlanningTextEncoder):
        raise NodeError("this text encoder plans no image; wire that of GLM-Image, or use Text encode")
    refuse_other_families(references, text_encoder)
    drawing = TokenDrawing(torch.Generator().manual_seed(seed), temperature, top_k, top_p)
    seen = [reference.seen for reference in references if reference.seen is not None]
    found = yield from text_encoder.planned(text, seen, height, width, drawing)
    return replace(signed(text_encoder, found), references=tuple(reference.latent.samples for reference in references))
