"""What a text encoder tells apart."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from nodeflow.node import Multiline, NodeError, node
from nodeflow.wires import Image, Scores, TextEncoder
from nodes.conditioning.matrix_picture import matrix_picture
from nodes.written import TWO_LINES


class TextsApart(NamedTuple):
    """How far texts are from each other."""

    scores: Scores
    image: Image
    nearest: float
    table: str


@node("Compare texts")
def compare_texts(
    text_encoder: TextEncoder,
    texts: Annotated[str, Multiline(), TWO_LINES] = "a red star on a blue background\na blue star on a red background",
) -> TextsApart:
    """Shows how well a text encoder tells texts apart, each line one of them.

    Two texts are as far apart as their tokens' vectors are, place by place: the root mean square distance, in units of
    the deviation of all these vectors. ``scores`` (texts, texts) are these distances, and ``image`` draws them: white
    is no distance, warm the largest. ``nearest`` is the smallest between two different texts: 0 is where the encoder
    cannot tell them apart. ``table`` has the tokens of each as they were read. CLIP's encoder was trained on captions,
    T5's on language: the order of words and small ones ("left of", "without") are where they differ.

    Fails for fewer than two texts, and for encoders that give no tokens.
    Papers: Radford et al. 2021 (arXiv:2103.00020); Saharia et al. 2022, Imagen (arXiv:2205.11487), section 4.4.
    """
    lines = [line.strip() for line in texts.splitlines() if line.strip()]
    if len(lines) < 2:
        raise NodeError("there is nothing to compare; write at least two texts, one a line")
    tokens = text_encoder.encode(lines).tokens
    if tokens is None or len(tokens) != len(lines):
        raise NodeError("this text encoder gives no tokens; wire one that does")
    rows = tokens.float().cpu()  # (texts, L, D)
    spread = (rows - rows.mean((0, 1))).square().sum(-1).mean().sqrt().clamp(min=1e-12)
    apart = (rows[:, None] - rows[None]).square().sum(-1).mean(-1).sqrt() / spread
    others = apart + torch.eye(len(lines)) * apart.max().clamp(min=1) * 2
    nearest, where = float(others.min()), divmod(int(others.argmin()), len(lines))
    table = [f"{number + 1}: {_read(text_encoder, line)}" for number, line in enumerate(lines)]
    table.append(f"nearest: {where[0] + 1} and {where[1] + 1}, {nearest:.3f} apart")
    drawn = matrix_picture((apart / apart.max().clamp(min=1e-12))[None])
    return TextsApart(Scores(apart, tuple(lines)), Image(drawn), nearest, "\n".join(table))


def _read(text_encoder: TextEncoder, line: str) -> str:
    """The tokens of a text, without those that fill it up."""
    words = text_encoder.encode([line]).words
    return " | ".join(word for word in words if word.strip() and not word.strip().startswith(("<", "!")))
