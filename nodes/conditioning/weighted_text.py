"""Texts with weights, of any length, and what a model is told beside a text."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch

from nodeflow.node import Multiline, NamesEmbeddings, NodeError, Range, Weighed, node
from nodeflow.wires import Conditioning, TextEncoder
from nodes.conditioning.prompt_language.encoding import Ways, encoded
from nodes.loaders.text_encoders.read_for import signed
from nodes.loaders.text_encoders.token_reader import ReadsTokens


@node("Weighted text encode", version=4)
def weighted_text_encode(
    text_encoder: TextEncoder,
    text: Annotated[str, Multiline(), NamesEmbeddings(), Weighed("weights")] = "",
    second_text: Annotated[str, Multiline(), NamesEmbeddings(), Weighed("weights")] = "",
    weights: Ways = "ComfyUI",
    clip_skip: Annotated[int, Range(0, 24)] = 0,
) -> Conditioning:
    r"""Turns a text with weights, of any length, into what the denoiser is guided by.

    ``weights`` is the program whose way of reading is followed:

    - ComfyUI: ``(a)`` is 1.1 times as strong, ``(a:1.3)`` sets 1.3; a token's vector z becomes e + w (z - e), with e
      that of the empty text
    - A1111: ``(a)`` is 1.1 times as strong, ``[a]`` 1.1 times weaker, ``(a:1.3)`` multiplies by 1.3, ``BREAK`` begins a
      new chunk; z becomes w z, and then the whole chunk is scaled so that its mean is as before
    - A1111, no norm: the same without the last
    - diffusers: read as by A1111; z becomes w z, and the whole text is scaled so that its mean is as before, as the
      community's long-prompt pipeline has it
    - compel: ``a+`` and ``(a b)++`` are 1.1 times as strong for each plus, ``a-`` 0.9 times for each minus,
      ``(a b)1.3`` 1.3 times; z becomes e + w (z - e), and below 1 goes on towards the text without those words
    - off: the text as it is

    ``\(`` and ``\)`` are brackets as letters. A text that is longer than the model reads is cut into chunks, each is
    encoded by itself, and the tokens follow one another: (1, n L, D), with L the model's own length (77 for CLIP). The
    text as a whole is that of the first chunk. ``embedding:name`` at the start or after a blank puts the vectors of an
    embedding (textual inversion) there: a .safetensors file of the model library, or its path.

    ``clip_skip`` counts the hidden layers from the last, 1, to those before it; 0 is the one that the model was trained
    with (the last of Stable Diffusion 1, the last but one of 2 and XL). ``second_text`` is for the second encoder of
    XL; left empty it reads the first text too. An empty text is encoded as any other.

    Fails for encoders other than CLIP's (those of Stable Diffusion 1, 2 and XL), for a layer that there is not, and for
    an embedding that is not there or was made for another model.
    Papers: Radford et al. 2021, CLIP (arXiv:2103.00020); embeddings: Gal et al. 2022, An Image is Worth One Word
    (arXiv:2208.01618).
    """
    if not isinstance(text_encoder, ReadsTokens):
        raise NodeError("this text encoder takes no weights; use CLIP text encode, or wire one of CLIP alone")
    readers = text_encoder.token_readers()
    if second_text and len(readers) == 1:
        raise NodeError("this text encoder is a single one, without use for second_text; leave that empty")
    texts = [text, second_text or text][: len(readers)]
    return signed(text_encoder, encoded(readers, texts, weights, clip_skip))


@node("Image sizes")
def picture_sizes(
    conditioning: Conditioning,
    width: Annotated[int, Range(0, 16384)] = 1024,
    height: Annotated[int, Range(0, 16384)] = 1024,
    crop_left: Annotated[int, Range(0, 16384)] = 0,
    crop_top: Annotated[int, Range(0, 16384)] = 0,
    target_width: Annotated[int, Range(0, 16384)] = 1024,
    target_height: Annotated[int, Range(0, 16384)] = 1024,
) -> Conditioning:
    """Says how large an image was and how it was cropped, for a model that is told so.

    Stable Diffusion XL learned with these numbers, in pixels: a small ``width`` and ``height`` give what small images
    look like when they are enlarged, a crop cuts things off. Without this node it is a whole image, as large as what
    is painted. Put it behind both texts or behind none. Other models do not look at it; XL's refiner looks at the first
    four.

    Paper: Podell et al. 2023, SDXL (arXiv:2307.01952), section 2.2.
    """
    sizes = torch.tensor([[height, width, crop_top, crop_left, target_height, target_width]], dtype=torch.float32)
    return replace(conditioning, sizes=sizes, beside=tuple(replace(one, sizes=sizes) for one in conditioning.beside))
