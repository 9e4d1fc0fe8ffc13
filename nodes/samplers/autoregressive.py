"""Text and image as one sequence of tokens, written one after the other."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, Any

import torch
from torch import Tensor

from nodeflow.node import Multiline, NodeError, Range, Reads, Seed, Slider, Step, Supplied, node
from nodeflow.wires import VQ, Codes, SequenceTransformer
from nodes.guidance.predictions.formulas import guide
from nodes.latents.noise import gaussian_noise
from nodes.loaders.families.image_tokens.dalle_folder import PATTERNS, load_sequence_folder
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.right_kind import find_for
from nodes.loaders.text_encoders.tokenizing import tokenized
from nodes.networks.compute_dtype import device_of
from nodes.networks.finite import finite


@node("Load DALL-E")
def load_dalle(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:dalle",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> SequenceTransformer:
    """Loads a transformer that writes a text's tokens and an image's codes as one sequence.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:dalle``
    - a folder with ``transformer``, transformers' GPT2LMHeadModel whose configuration also says text_vocab_size,
      text_length and image_side, and ``tokenizer``
    - the id of such a model on the Hugging Face hub: taken from the hub's cache on this computer, or fetched when the
      environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or commit of it

    Its codes are those of the VQ model that it was trained with; the starter's is ``starter:vq``.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Ramesh et al. 2021, Zero-Shot Text-to-Image Generation (arXiv:2102.12092).
    """
    path = find_for("Load DALL-E", model, revision, PATTERNS)
    return load_sequence_folder(path, LoadTarget(torch_dtype(dtype)))


class _Writer:
    """One sequence that grows: its keys and values are kept, so that each new token asks for one place alone."""

    def __init__(self, transformer: SequenceTransformer, text: str, scale: float) -> None:
        self._transformer, self._scale = transformer, scale
        texts = [text] if scale == 1 else [text, ""]
        self._next: Tensor = tokenized(transformer.tokenizer, texts, transformer.text_length).input_ids
        self._past: Any = None

    def scores(self) -> Tensor:
        """(size,): how likely each code is to come next, as logits, guided where two texts are asked for."""
        module: Any = self._transformer.module
        given = self._next.to(device_of(module))
        output = module(given, past_key_values=self._past, use_cache=True, logits_to_keep=1)
        self._past = output.past_key_values
        logits: Tensor = output.logits[:, -1, self._transformer.words :].float().cpu()
        finite(logits, "the transformer", "chances of codes")
        return logits[0] if len(logits) == 1 else guide(logits[0], logits[1], self._scale)

    def write(self, code: Tensor) -> None:
        self._next = (code + self._transformer.words).expand(len(self._next), 1)


def drawn(scores: Tensor, temperature: float, top_k: int, generator: torch.Generator) -> Tensor:
    """A code (1,) from logits (size,), of the ``top_k`` likeliest alone where that is not 0; at 0 degrees the first."""
    if temperature == 0:
        return scores.argmax()[None]
    if top_k:
        scores = scores.masked_fill(scores < scores.topk(min(top_k, len(scores))).values[-1], -torch.inf)
    return torch.multinomial((scores / temperature).softmax(0), 1, generator=generator)


@node("Autoregressive sampler", version=2)
def autoregressive_sample(
    transformer: SequenceTransformer,
    codes: Codes | None = None,
    vq: VQ | None = None,
    text: Annotated[str, Multiline()] = "",
    pictures: Annotated[int, Range(1, 64)] = 4,
    temperature: Annotated[float, Slider(0, 2, 0.05)] = 1.0,
    top_k: Annotated[int, Range(0, 65536)] = 0,
    guidance: Annotated[float, Slider(1, 10, 0.1)] = 1.0,
    seed: Annotated[int, Seed()] = 0,
) -> Generator[Step, None, Codes]:
    """Writes images code by code, each chosen from what the text and all codes before it make likely.

    The text's tokens come first (a longer text is cut off), then the codes (images, h, w), row by row.
    ``temperature`` below 1 prefers what is likely anyway, 0 takes the likeliest; ``top_k`` takes only so many of the
    likeliest codes into account, 0 all. ``guidance`` above 1 asks for every code without the text as well, and leads
    away from that. Image number i is drawn with ``seed`` + i and computed alone, so that it is the same in every
    batch.

    Codes that are wired to ``codes`` stay as they are, where they are not -1: to finish an image that has begun, or to
    write what was erased. A place sees only what stands before it. With a wire at ``vq`` the first image is shown as
    it grows, row by row.

    Fails when codes or VQ model are of another codebook or size than the transformer.
    Paper: Ramesh et al. 2021, Zero-Shot Text-to-Image Generation (arXiv:2102.12092).
    """
    side, places = transformer.side, transformer.side**2
    for part in (codes, vq):
        if part is not None and part.size != transformer.size:
            raise NodeError(f"the transformer knows {transformer.size} codes, not {part.size}; use the VQ of its model")
    written = _begun(codes, pictures, side)
    writers = [_Writer(transformer, text, guidance) for _ in range(pictures)]
    generators = gaussian_noise(seed, pictures).generators()
    for place in range(places):
        with torch.no_grad():
            for writer, row, generator in zip(writers, written, generators, strict=True):
                found = drawn(writer.scores(), temperature, top_k, generator)
                if row[place] < 0:
                    row[place] = found[0]
                writer.write(row[place])
        grown = vq is not None and (place + 1) % side == 0
        yield Step(place + 1, places, vq.decode(_grid(written[:1], side, vq.size)) if vq and grown else None)
    return _grid(written, side, transformer.size)


def _grid(written: Tensor, side: int, size: int) -> Codes:
    return Codes(written.clone().view(-1, side, side), size)


def _begun(codes: Codes | None, pictures: int, side: int) -> Tensor:
    """Return what stands already, (images, places); -1 where nothing does."""
    if codes is None:
        return torch.full((pictures, side * side), -1)
    if codes.values.shape[1:] != (side, side) or len(codes.values) not in (1, pictures):
        shape = " x ".join(map(str, codes.values.shape))
        raise NodeError(f"the codes are {shape}; {pictures} images of {side} x {side} codes are wanted")
    return codes.values.expand(pictures, side, side).flatten(1).clone()
