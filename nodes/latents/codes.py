"""Between images and codes: the tokens that an image is made of."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from nodeflow.node import NodeError, Range, Reads, Supplied, node
from nodeflow.wires import VQ, Codes, Curve, Image
from nodes.loaders.families.autoencoders.vq_folder import PATTERNS, load_vq_folder
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.right_kind import find_for


@node("Load VQ model")
def load_vq(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:vq",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> VQ:
    """Loads an autoencoder whose latents are codes: each the number of a vector in a codebook.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:vq``
    - a folder with diffusers' VQModel, or with a pipeline that has one (aMUSEd, the first latent diffusion models)
    - the id of such a model on the Hugging Face hub, such as ``amused/amused-256``: taken from the hub's cache on this
      computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or
      commit of it, empty for main

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Papers: van den Oord et al. 2017, Neural Discrete Representation Learning (arXiv:1711.00937); with convolutions and
    a critic Esser et al. 2021, Taming Transformers (arXiv:2012.09841).
    """
    path = find_for("Load VQ model", model, revision, PATTERNS)
    return load_vq_folder(path, LoadTarget(torch_dtype(dtype)))


@node("VQ encode")
def vq_encode(vq: VQ, image: Image) -> Codes:
    """Turns images into codes: for each place the nearest vector of the codebook.

    Images (B, 3, H, W) become codes (B, h, w), whole numbers, smaller by the model's factor on both sides. A place
    of 8 x 8 pixels is then one number; what it says depends on its neighbours as well.

    Fails when a side is no multiple of the model's factor; resize the image before.
    Paper: van den Oord et al. 2017 (arXiv:1711.00937).
    """
    height, width = image.pixels.shape[-2:]
    if height % vq.downscale or width % vq.downscale:
        raise NodeError(f"{width} x {height} is no multiple of {vq.downscale} on both sides; resize the image before")
    return vq.encode(image)


@node("VQ decode")
def vq_decode(vq: VQ, codes: Codes) -> Image:
    """Turns codes into images.

    Codes (B, h, w) become RGB images (B, 3, H, W) from 0 to 1, larger by the model's factor. Each code is replaced by
    its vector, and the decoder draws from those. Places that have no code yet are grey.

    Fails when the codes belong to another codebook.
    Paper: van den Oord et al. 2017 (arXiv:1711.00937).
    """
    if codes.size != vq.size:
        raise NodeError(f"these codes are of {codes.size} kinds and the model knows {vq.size}; use the VQ of its model")
    return vq.decode(codes)


@node("Edit codes")
def edit_codes(
    codes: Codes,
    other: Codes | None = None,
    x: Annotated[int, Range(0, 255)] = 2,
    y: Annotated[int, Range(0, 255)] = 2,
    width: Annotated[int, Range(1, 256)] = 4,
    height: Annotated[int, Range(1, 256)] = 4,
    code: Annotated[int, Range(-1, 2**20)] = -1,
) -> Codes:
    """Replaces the codes in a rectangle: by those of another image, by one number, or by nothing.

    The rectangle begins ``x`` codes from the left and ``y`` from the top; what lies outside of the image is cut off.
    With a wire at ``other``, the codes there (B, h, w) take their place; a single image serves all. Without one it
    is ``code``; -1 erases them, and a sampler of tokens fills in what has been erased.

    Fails when the two are of different sizes or codebooks, or when the codebook has no such number.
    """
    values = codes.values.clone()
    part = (slice(None), slice(y, y + height), slice(x, x + width))
    if other is None:
        if code >= codes.size:
            raise NodeError(f"there is no code {code}; this codebook has the numbers 0 to {codes.size - 1}")
        values[part] = code
        return Codes(values, codes.size)
    if other.size != codes.size or other.values.shape[1:] != values.shape[1:]:
        one, two = (f"{' x '.join(map(str, c.values.shape[1:]))} of {c.size} kinds" for c in (codes, other))
        raise NodeError(f"the codes are {one}, the other ones {two}; take them from images of one size and model")
    if len(other.values) not in (1, len(values)):
        raise NodeError(f"{len(other.values)} images do not fit {len(values)}; give one, or as many")
    values[part] = other.values.expand_as(values)[part]
    return Codes(values, codes.size)


class Use(NamedTuple):
    """Hold how often codes occur."""

    curve: Curve
    table: str


@node("Codebook use")
def codebook_use(codes: Codes) -> Use:
    """Counts how often each code occurs: how much of the codebook is in use.

    ``curve`` has the share of all places for each code, the most frequent first. ``table`` says how many codes occur,
    their perplexity (how many codes would do if all were equally frequent), and which ones are most frequent.

    Fails when no place has a code.
    Paper: van den Oord et al. 2017 (arXiv:1711.00937).
    """
    counts = torch.bincount(codes.values[codes.values >= 0], minlength=codes.size).double()
    if not counts.sum():
        raise NodeError("no place has a code yet; wire codes that are complete")
    shares, order = (counts / counts.sum()).sort(descending=True, stable=True)
    known = shares[shares > 0]
    perplexity = float((-known * known.log()).sum().exp())
    lines = [f"{len(known)} of {codes.size} codes occur, perplexity {perplexity:.1f}"]
    lines += [f"code {number}: {share:.1%}" for number, share in zip(order[:8].tolist(), known.tolist(), strict=False)]
    return Use(Curve(torch.arange(codes.size), shares, "place in the order", "share of all places"), "\n".join(lines))
