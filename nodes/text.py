"""From words to what a denoiser understands."""

from __future__ import annotations

from typing import Annotated

from nodeflow.node import Multiline, node
from nodeflow.wires import Conditioning, TextEncoder


@node("CLIP text encode")
def clip_text_encode(text_encoder: TextEncoder, text: Annotated[str, Multiline()] = "") -> Conditioning:
    """Turns a text into what the denoiser is guided by.

    The text is cut into tokens (words and pieces of words), and the encoder gives one vector for each: tokens
    (1, L, D), with L the model's own length (77 for CLIP). A longer text is cut off at that length, a shorter one is
    filled up; the tokens as they were read are shown with the result. An empty text is what a model was trained with
    for "no text", and serves as the negative of classifier-free guidance.

    Paper: Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision
    (arXiv:2103.00020); as a condition for diffusion Rombach et al. 2022 (arXiv:2112.10752).
    """
    return text_encoder.encode([text])
