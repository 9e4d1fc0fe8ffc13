"""What models of image tokens hold likely, place by place."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import Multiline, NodeError, Range, node
from nodeflow.wires import VQ, Codes, Curve, Image, SequenceTransformer
from nodes.loaders.text_encoders.tokenizing import tokenized
from nodes.networks.compute_dtype import device_of
from nodes.networks.finite import finite

LISTED = 8
PIXELS = 128
GLOW = (0.92, 0.42, 0.1)


class NextCode(NamedTuple):
    """What comes next at a place, how surprising each code was, and the bits of the image."""

    chances: Curve
    surprise: Image
    likeliest: Image
    bits: float
    table: str


@node("Next-code chances")
def next_code(
    transformer: SequenceTransformer,
    codes: Codes,
    vq: VQ,
    text: Annotated[str, Multiline()] = "",
    x: Annotated[int, Range(0, 255)] = 3,
    y: Annotated[int, Range(0, 255)] = 3,
) -> NextCode:
    """Shows what an autoregressive model holds likely at a place, and how an image's codes surprise it.

    All codes of an image are read at once; at each place the model gives p(code | text, codes before). ``chances``
    are those at place ``x``, ``y`` (from the left and the top), the likeliest code first; ``likeliest`` is the image
    with each of the eight likeliest there. ``surprise`` shows -log2 p of the code that stands at each place: dark is
    expected, bright is news. ``bits`` is its sum, what the image costs to be written down with this model.

    Fails when codes or VQ model are of another codebook, for codes of another size than the model writes, for codes
    with gaps, and for a place outside.
    Papers: van den Oord et al. 2016, PixelCNN (arXiv:1606.05328); Ramesh et al. 2021 (arXiv:2102.12092).
    """
    side = transformer.side
    if codes.size != transformer.size or vq.size != transformer.size:
        raise NodeError(f"the transformer knows {transformer.size} codes, not {codes.size}; use the VQ of its model")
    if codes.values.shape[1:] != (side, side) or (codes.values[0] < 0).any():
        raise NodeError(f"one image of {side} x {side} codes without gaps is wanted; encode an image, or sample one")
    if max(x, y) >= side:
        raise NodeError(f"the image has {side} x {side} places, counted from 0; choose another")
    row = codes.values[0].flatten()
    chances = _chances(transformer, row, text)  # (places, size)
    bits = -chances.gather(1, row[:, None])[:, 0].clamp(min=1e-30).log2()
    place = y * side + x
    sorted_chances, order = chances[place].sort(descending=True)
    variants = codes.values[:1].repeat(LISTED, 1, 1)
    variants[:, y, x] = order[:LISTED]
    there = int(row[place])
    lines = [
        f"{float(bits.sum()):.0f} bits, {float(bits.mean()):.2f} a code; without a model {_plain(transformer):.2f}"
    ]
    lines += [
        f"code {number}: {share:.1%}"
        for number, share in zip(order[:LISTED].tolist(), sorted_chances.tolist(), strict=False)
    ]
    lines.append(f"there stands code {there}: {float(chances[place, there]):.1%}")
    glow = (bits / bits.max().clamp(min=1e-9)).reshape(1, 1, side, side) * torch.tensor(GLOW)[None, :, None, None]
    axis = torch.arange(1, len(order) + 1).double()
    return NextCode(
        Curve(axis[:64], sorted_chances[:64].double(), "place in the order", "probability"),
        Image(interpolate(glow, scale_factor=max(PIXELS // side, 1), mode="nearest")),
        vq.decode(Codes(variants, vq.size)),
        float(bits.sum()),
        "\n".join(lines),
    )


def _chances(transformer: SequenceTransformer, row: Tensor, text: str) -> Tensor:
    """p of each code at each place (places, size), from the text and the codes before."""
    module: Any = transformer.module
    words = tokenized(transformer.tokenizer, [text], transformer.text_length).input_ids
    given = torch.cat([words, (row[:-1] + transformer.words)[None]], 1).to(device_of(module))
    with torch.no_grad():
        logits: Tensor = module(given).logits[0, -len(row) :, transformer.words :]
    return finite(logits.float().cpu(), "the transformer", "chances of codes").softmax(1)


def _plain(transformer: SequenceTransformer) -> float:
    """The bits of a code where all are equally likely."""
    return float(torch.tensor(float(transformer.size)).log2())
