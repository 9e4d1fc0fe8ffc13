"""Where each word of a text looks, inside a text encoder."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from nodeflow.node import Multiline, NodeError, Range, node
from nodeflow.wires import Image, Scores, TextEncoder
from nodes.conditioning.matrix_picture import matrix_picture
from nodes.networks.attention_weights import mean_weights, readers_in, recorded_reading, unfilled

MOST = 200
"""Tokens that are drawn."""


class TextAttention(NamedTuple):
    """What a text encoder's attention weighs."""

    scores: Scores
    image: Image
    heads: Image
    table: str


@node("Text attention", version=2)
def text_attention(
    text_encoder: TextEncoder,
    text: Annotated[str, Multiline()] = "a red star left of a blue fish",
    layer: Annotated[int, Range(0, 256)] = 0,
    encoder: Annotated[int, Range(1, 8)] = 1,
) -> TextAttention:
    """Shows which tokens each token of a text looks at inside the text encoder.

    ``scores`` (L, L) are the weights of the attention, a row for the token that looks, a column for the one that is
    looked at, averaged over the heads of a layer: ``layer`` counts from 1 at the bottom, 0 is the mean of all.
    ``image`` draws them, white for none and warm for the largest; ``heads`` draws each head by itself. ``table`` says
    for each token where it looks most. Tokens that only fill a text up are left out, so a row sums to less than 1 where
    the encoder looks at them. ``encoder`` chooses one of several in models that have more than one.

    CLIP's encoder looks back only, so that a word knows nothing of what follows; T5's looks both ways.

    Fails for an encoder or a layer that there is not, and for encoders that are not transformers'.
    Papers: Vaswani et al. 2017 (arXiv:1706.03762), section 3.2; Radford et al. 2021 (arXiv:2103.00020), section 2.4;
    Raffel et al. 2020 (arXiv:1910.10683), section 3.2.
    """
    readers = readers_in(text_encoder)
    if not readers:
        raise NodeError("this text encoder does not tell its attention; wire one that is loaded by transformers")
    if encoder > len(readers):
        raise NodeError(f"encoder is {encoder}, and this model has {len(readers)}; choose one from 1 to {len(readers)}")
    reader = readers[encoder - 1]
    with recorded_reading(reader.module) as reading:
        text_encoder.encode([text])
    if reading.numbers is None or not reading.weights:
        raise NodeError("this text encoder does not tell its attention; wire one that is loaded by transformers")
    if layer > len(reading.weights):
        raise NodeError(f"layer is {layer}, and this encoder has {len(reading.weights)}; choose one of them, or 0")
    own = unfilled(reading.numbers[0], reader.tokenizer)
    own = slice(own.start, min(own.stop, own.start + MOST))
    words = tuple(reader.tokenizer.decode([int(number)]).strip() for number in reading.numbers[0, own])
    by_head = mean_weights(reading.weights, layer)[:, own, own]  # (heads, L, L)
    weights = by_head.mean(0)
    return TextAttention(
        Scores(weights, words),
        Image(matrix_picture(weights[None] / weights.max())),
        Image(matrix_picture(by_head / by_head.amax((1, 2), keepdim=True).clamp(min=1e-12))),
        "\n".join(_line(words, place, row) for place, row in enumerate(weights.tolist())),
    )


def _line(words: tuple[str, ...], place: int, row: list[float]) -> str:
    """Where a token looks, the two places most looked at first."""
    best = sorted(range(len(row)), key=lambda other: -row[other])[:2]
    return f"{words[place]}: " + ", ".join(f"{words[other]} {row[other]:.2f}" for other in best)
