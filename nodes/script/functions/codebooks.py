"""Codes of images looked at: what each means alone, how near they are to a place, and how they surprise a model."""

from __future__ import annotations

import math

import torch
from torch.nn.functional import interpolate

from nodes.script.functions.codes import vq_decode
from nodes.script.functions.drawings import BLUE, ORANGE, PlaneDrawing
from nodes.script.functions.matrices import GLOW


def code_alone(vq, number):
    """What the decoder makes of a code all over a grid of 3 x 3, the middle of it."""
    whole = vq_decode(vq, torch.full((1, 3, 3), number))
    side = whole.shape[-1] // 3
    return whole[..., side : 2 * side, side : 2 * side]


def codebook_sheet(vq):
    """An image for each code, of that code all over, row by row."""
    size = vq.config.num_vq_embeddings
    tiles = torch.cat([interpolate(code_alone(vq, number), (8, 8), mode="area") for number in range(size)])
    columns = min(32, size)
    rows = math.ceil(size / columns)
    padded = torch.cat([tiles, torch.ones(rows * columns - len(tiles), 3, 8, 8)])
    return padded.reshape(rows, columns, 3, 8, 8).permute(2, 0, 3, 1, 4).reshape(1, 3, rows * 8, -1)


def codebook_plane(vq, codes=None):
    """The vectors of a codebook in the plane of their two largest components; those of some codes in orange."""
    vectors = vq.quantize.embedding.weight
    centred = vectors.double() - vectors.double().mean(0)
    _, _, axes = torch.linalg.svd(centred, full_matrices=False)
    found = centred @ axes[:2].T
    plane = (found / found.std(0).clamp(min=1e-9)).float()
    drawing = PlaneDrawing().points(plane, BLUE, 1.5)
    if codes is not None:
        drawing.points(plane[codes[codes >= 0].unique()], ORANGE, 2.5, 1.0)
    return drawing.image()


def nearest_codes(vq, images, x, y):
    """The eight codes whose vectors are nearest to what the encoder gives at a place, each alone."""
    low = 0.0 if vq.config.lookup_from_codebook else -1.0
    features = vq.encode(images[:1] * (1 - low) + low).latents[0]
    _, order = (vq.quantize.embedding.weight - features[:, y, x]).norm(dim=1).sort()
    return torch.cat([code_alone(vq, int(number)) for number in order[:8]])


def framed_place(images, x, y, side):
    """An image with an orange frame around the place of a code, which is so many pixels wide."""
    marked = images[:1].clone()
    rows, columns = (slice(at * side, (at + 1) * side) for at in (y, x))
    frame = torch.tensor(GLOW)[:, None]
    marked[0, :, rows, columns.start] = marked[0, :, rows, columns.stop - 1] = frame
    marked[0, :, rows.start, columns] = marked[0, :, rows.stop - 1, columns] = frame
    return marked


def chances_of_codes(transformer, tokenizer, codes, text):
    """p of each code at each place, from the text and the codes before (places, size)."""
    config, row = transformer.config, codes[0].flatten()
    options = {"padding": "max_length", "truncation": True, "max_length": config.text_length, "return_tensors": "pt"}
    words = tokenizer([text], **options).input_ids
    given = torch.cat([words, (row[:-1] + config.text_vocab_size)[None]], 1)
    return transformer(given).logits[0, -len(row) :, config.text_vocab_size :].softmax(1)


def surprise_of_codes(transformer, tokenizer, codes, text):
    """How many bits the code at each place costs, as an image: dark is expected, bright is news."""
    chances, row = chances_of_codes(transformer, tokenizer, codes, text), codes[0].flatten()
    bits = -chances.gather(1, row[:, None])[:, 0].clamp(min=1e-30).log2()
    side = codes.shape[-1]
    glow = (bits / bits.max().clamp(min=1e-9)).reshape(1, 1, side, side) * torch.tensor(GLOW)[None, :, None, None]
    return interpolate(glow, scale_factor=max(128 // side, 1), mode="nearest")


def likeliest_codes(transformer, tokenizer, codes, text, vq, x, y):
    """An image with each of the eight codes at a place that are likeliest there."""
    chances = chances_of_codes(transformer, tokenizer, codes, text)
    variants = codes[:1].repeat(8, 1, 1)
    variants[:, y, x] = chances[y * codes.shape[-1] + x].sort(descending=True)[1][:8]
    return vq_decode(vq, variants)
