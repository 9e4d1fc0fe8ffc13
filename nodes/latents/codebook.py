"""The codebook of a VQ model, looked at: its vectors, what each means alone, and how near they are to a place."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import VQ, Codes, Curve, Embedding, Image, Points

COLUMNS = 32
"""Codes in a row of the sheet."""
TILE = 8
"""Pixels of a code on the sheet."""
LISTED = 8
MARK = (0.92, 0.42, 0.1)


@runtime_checkable
class WithVectors(Protocol):
    """A VQ model whose codebook can be seen."""

    def vectors(self) -> Tensor:
        """The codebook (N, D)."""
        ...

    def features(self, image: Image) -> Tensor:
        """What the encoder gives before codes are chosen, (B, D, h, w)."""
        ...


class Codebook(NamedTuple):
    """What each code means alone, its vectors in the plane, and the vectors themselves."""

    sheet: Image
    points: Points
    image: Image
    vectors: Embedding


@node("Codebook")
def codebook(vq: VQ, codes: Codes | None = None) -> Codebook:
    """Shows a codebook: what the decoder makes of each code alone, and where the vectors lie.

    ``sheet`` has an image for each code, made of that code all over, row by row from code 0 on. ``points`` are the
    vectors in the plane of their two largest components, scaled to it; ``image`` draws them, those that occur in
    ``codes`` larger and in orange. A place's code says something else beside others: the decoder looks at neighbours.

    Fails for models whose codebook cannot be seen, and for codes of another one.
    Paper: van den Oord et al. 2017, Neural Discrete Representation Learning (arXiv:1711.00937).
    """
    from nodes.plane.plane_picture import BLUE, ORANGE, PlanePicture

    vectors = _with_vectors(vq).vectors()
    if codes is not None and codes.size != vq.size:
        raise NodeError(f"these codes are of {codes.size} kinds and the model knows {vq.size}; use the VQ of its model")
    plane = _plane(vectors)
    drawing = PlanePicture().points(plane, BLUE, 1.5)
    if codes is not None:
        used = codes.values[codes.values >= 0].unique()
        drawing.points(plane[used], ORANGE, 2.5, 1.0)
    labels = tuple(f"code {number}" for number in range(len(vectors)))
    return Codebook(Image(_sheet(vq)), Points(plane), drawing.image(), Embedding(vectors, labels))


class Nearness(NamedTuple):
    """How near the codes are to a place, where that is, and what the nearest look like."""

    distances: Curve
    place: Image
    nearest: Image
    table: str


@node("Distances to codes")
def code_distances(
    vq: VQ,
    image: Image,
    x: Annotated[int, Range(0, 4095)] = 3,
    y: Annotated[int, Range(0, 4095)] = 3,
) -> Nearness:
    """Shows how far each vector of a codebook is from what the encoder gives at a place of an image.

    The nearest becomes the place's code, z_q = e_k with k = argmin |z_e - e_k|. ``distances`` has all codes, the
    nearest first; ``nearest`` is what the first eight mean alone, ``table`` their numbers. Since a choice has no
    gradient, training passes that of z_q on to z_e as it is (straight-through).

    ``x`` and ``y`` count places, from the left and from the top.

    Fails for models whose codebook cannot be seen, for a place outside, and when a side is no multiple of the
    model's factor.
    Paper: van den Oord et al. 2017 (arXiv:1711.00937), section 3.1 and 3.2.
    """
    model = _with_vectors(vq)
    height, width = image.pixels.shape[-2:]
    if height % vq.downscale or width % vq.downscale:
        raise NodeError(f"{width} x {height} is no multiple of {vq.downscale} on both sides; resize the image before")
    features = model.features(Image(image.pixels[:1]))[0]
    if x >= features.shape[2] or y >= features.shape[1]:
        raise NodeError(
            f"the image has {features.shape[2]} x {features.shape[1]} places, counted from 0; choose another"
        )
    found, order = (model.vectors() - features[:, y, x]).norm(dim=1).sort()
    shown = torch.cat([_alone(vq, int(number)) for number in order[:LISTED]])
    lines = [
        f"code {number}: {value:.3f}" for number, value in zip(order[:LISTED].tolist(), found.tolist(), strict=False)
    ]
    marked = image.pixels[:1].clone()
    rows, columns = (slice(at * vq.downscale, (at + 1) * vq.downscale) for at in (y, x))
    frame = torch.tensor(MARK)[:, None]
    marked[0, :, rows, columns.start] = marked[0, :, rows, columns.stop - 1] = frame
    marked[0, :, rows.start, columns] = marked[0, :, rows.stop - 1, columns] = frame
    axis = torch.arange(len(found)).double()
    curve = Curve(axis, found.double(), "place in the order", "distance")
    return Nearness(curve, Image(marked), Image(shown), "\n".join(lines))


def _with_vectors(vq: VQ) -> WithVectors:
    if not isinstance(vq, WithVectors):
        raise NodeError("the codebook of this model cannot be seen; load it by Load VQ model")
    return vq


def _plane(vectors: Tensor) -> Tensor:
    """The two largest components of (N, D), scaled to deviations of 1."""
    centred = vectors.double() - vectors.double().mean(0)
    _, _, axes = torch.linalg.svd(centred, full_matrices=False)
    found = centred @ axes[:2].T
    if found.shape[1] < 2:
        found = torch.cat([found, torch.zeros_like(found)], 1)
    return (found / found.std(0).clamp(min=1e-9)).float()


def _alone(vq: VQ, number: int) -> Tensor:
    """(1, 3, H, W): what the decoder makes of a code all over a grid of 3 x 3, the middle of it."""
    whole = vq.decode(Codes(torch.full((1, 3, 3), number), vq.size)).pixels
    side = vq.downscale
    return whole[..., side : 2 * side, side : 2 * side]


def _sheet(vq: VQ) -> Tensor:
    tiles = torch.cat([interpolate(_alone(vq, number), (TILE, TILE), mode="area") for number in range(vq.size)])
    columns = min(COLUMNS, vq.size)
    rows = math.ceil(vq.size / columns)
    padded = torch.cat([tiles, torch.ones(rows * columns - len(tiles), 3, TILE, TILE)])
    return padded.reshape(rows, columns, 3, TILE, TILE).permute(2, 0, 3, 1, 4).reshape(1, 3, rows * TILE, -1)
