"""From words to what a denoiser understands."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import torch

from nodeflow.node import Multiline, NodeError, Range, Slider, node
from nodeflow.wires import Classes, Conditioning, TextEncoder
from nodes.loaders.text_encoders.read_for import signed
from nodes.loaders.text_encoders.token_reader import SkipsLayers


def _encode_together(calls: list[dict[str, Any]]) -> list[Conditioning]:
    """The texts of several calls at once. Raises ValueError where they are for different encoders."""
    encoders = {id(call["text_encoder"]): call["text_encoder"] for call in calls}
    if len(encoders) > 1:
        raise ValueError("texts for different encoders")
    skips = {call.get("clip_skip", 0) for call in calls}
    if len(skips) > 1:
        raise ValueError("texts at different layers")
    encoder = _skipping(calls[0]["text_encoder"], *skips)
    return [signed(encoder, text) for text in encoder.encode_each([call["text"] for call in calls])]


@node("CLIP text encode", version=3, together=_encode_together)
def clip_text_encode(
    text_encoder: TextEncoder,
    text: Annotated[str, Multiline()] = "",
    clip_skip: Annotated[int, Range(0, 32)] = 0,
) -> Conditioning:
    """Turns a text into what the denoiser is guided by.

    The text is cut into tokens (words and pieces of words), and the encoder gives one vector for each: tokens
    (1, L, D), with L the model's own length (77 for CLIP). A longer text is cut off at that length, and the words that
    are left out are said; a shorter one is filled up. The tokens as they were read are shown with the result. An empty
    text is what a model was trained with for "no text", and serves as the negative of classifier-free guidance.

    Models that know a closed list of words, as the starters do, tell which words of a text they do not know.

    ``clip_skip`` counts the hidden layers of CLIP from the last, 1, to those before it, as image sites and A1111 do; 0
    is the one that the model was trained with (the last of Stable Diffusion 1, the last but one of 2 and XL). Both
    encoders of XL are read at that layer.

    Fails for a layer that there is not, and for one other than 0 of encoders that are not CLIP's alone.
    Paper: Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision
    (arXiv:2103.00020); as a condition for diffusion Rombach et al. 2022 (arXiv:2112.10752).
    """
    return signed(text_encoder, _skipping(text_encoder, clip_skip).encode([text]))


def _skipping(encoder: TextEncoder, skip: int) -> TextEncoder:
    """The encoder, read at a hidden layer. Raises NodeError where it is read at its own alone."""
    if not skip:
        return encoder
    if not isinstance(encoder, SkipsLayers):
        raise NodeError("this text encoder is read at one layer alone; set clip_skip to 0")
    return encoder.skipping(skip)


@node("Class label")
def class_label(classes: Classes, label: Annotated[str, Multiline()] = "") -> Conditioning:
    """Names the class that an image shall be of, for a model that is led by classes.

    ``label`` is a name or a number, such as ``star`` or ``0``; several lines are several images, in the order of
    their seeds. Left empty it stands for no class, which is what a model was trained with for "anything", and serves as
    the negative of classifier-free guidance. Gives labels (lines,).

    Fails for a class that the model does not know.
    """
    lines = [line.strip() for line in label.splitlines() if line.strip()]
    return Conditioning(words=tuple(lines), labels=torch.tensor([_number(classes, line) for line in lines or [""]]))


@node("Aesthetic score")
def aesthetic_score(conditioning: Conditioning, score: Annotated[float, Slider(1, 10, 0.1)] = 6.0) -> Conditioning:
    """Says how well people shall like the image, for a model that is told so.

    The refiner of Stable Diffusion XL was shown images with the marks that a model trained on people's votes gave
    them, from 1 to 10. It goes between a text and the guidance: 6 for the positive text and 2.5 for the negative one
    are usual. Put it behind both of them or behind none; without it the score is 6. Other models do not look at it.

    Paper: Podell et al. 2023, SDXL (arXiv:2307.01952), section 2.5 (the refiner); the marks are those of the
    LAION-Aesthetics predictor (Schuhmann et al. 2022, arXiv:2210.08402).
    """
    return replace(conditioning, score=torch.tensor([score]))


def _number(classes: Classes, label: str) -> int:
    """ImageNet's classes have several names each, with commas between."""
    if not label:
        return classes.none
    if label.isdecimal() and int(label) < classes.none:
        return int(label)
    wanted = label.casefold()
    for number, names in classes.names.items():
        if wanted in (names.casefold(), *(name.strip() for name in names.casefold().split(","))):
            return number
    known = ", ".join(list(classes.names.values())[:20])
    raise NodeError(f"{label!r} is no class of this model; it knows {known or 'numbers only'}")
