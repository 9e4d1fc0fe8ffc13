"""How Fibo 2.0 reads captions, and how it is asked."""

from __future__ import annotations

import json

import torch
from diffusers import BriaFibo2Pipeline
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from nodes.script.functions.language import seeing_states
from nodes.script.functions.vaes import decode_patches, encode_patches

NO_CAPTION = (
    '{"short_description":"","objects":[],"background_setting":"","lighting":{},"aesthetics":{},'
    '"photographic_characteristics":{},"style_medium":"","context":"","artistic_style":""}'
)


BUNDLES = ((9, 20, 31), (5, 16, 27), (7, 18, 29), (9, 20, 31), (11, 22, 33), (13, 24, 35))


def encode_fibo_2(text, tokenizer, model):
    """States of the layers that Fibo 2.0 reads, side by side: of a caption in JSON as it was trained with, of another
    text as it is, and of nothing as a caption that says nothing."""
    caption, _ = BriaFibo2Pipeline._parse_prompt(text)
    if not text.strip():
        caption = NO_CAPTION
    elif not isinstance(caption, str):
        caption = json.dumps(caption or {}, separators=(",", ":"), ensure_ascii=False)
    layers = sorted(set(sum(BUNDLES, ())))
    tokens, slots = seeing_states(caption, tokenizer, model, "<|im_start|>user\n", 0, layers=layers, most=4096)
    return tokens, torch.ones(slots.shape, dtype=torch.bool)


def fibo_2(transformer, x, at, tokens, mask):
    """Fibo 2.0, whose text is bundles of three layers' states, each brought to a mean square of 1."""
    longest, layers = int(mask.sum(1).max()), sorted(set(sum(BUNDLES, ())))
    states = tokens[:, :longest].unflatten(-1, (len(layers), -1))
    even = states * torch.rsqrt(states.pow(2).mean(-1, keepdim=True) + 1e-6)
    bundles = [torch.cat([even[:, :, layers.index(layer)] for layer in bundle], -1) for bundle in BUNDLES]
    seen = mask[:, :longest]
    return transformer(
        hidden_states=x,
        timestep=at.t.expand(len(x)).to(x.dtype) / 1000,
        encoder_hidden_states=torch.stack(bundles, 1),
        encoder_attention_mask=None if seen.all() else seen,
        return_dict=False,
    )[0]


def encode_spread_patches(vae, images):
    """Images as Fibo 2.0's latents: FLUX.2's, with each patch spread out to its cells."""
    return pixel_shuffle(encode_patches(vae, images), 2)


def decode_spread_patches(vae, latents):
    """The way back."""
    return decode_patches(vae, pixel_unshuffle(latents, 2))
