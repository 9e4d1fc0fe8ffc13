"""CLIP: images and texts in one space."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate, normalize

from nodes.script.functions.latents import slerp


class Clip:
    """A CLIP of transformers, its tokenizer, and how images are brought into the form that it takes."""

    def __init__(self, model, tokenizer, side, mean, deviation):
        self.model, self.tokenizer, self.side = model, tokenizer, side
        self.mean, self.deviation = (torch.tensor(values)[:, None, None] for values in (mean, deviation))

    def prepared(self, images):
        height, width = images.shape[-2:]
        if (height, width) != (self.side, self.side):
            ratio = self.side / min(height, width)
            height, width = (max(round(one * ratio), self.side) for one in (height, width))
            images = interpolate(images, (height, width), mode="bicubic", antialias=True).clamp(0, 1)
            top, left = (height - self.side) // 2, (width - self.side) // 2
            images = images[..., top : top + self.side, left : left + self.side]
        return (images - self.mean) / self.deviation

    def embed_images(self, images):
        return self.model.get_image_features(pixel_values=self.prepared(images)).pooler_output.float()

    def embed_texts(self, texts):
        length = min(self.tokenizer.model_max_length, self.model.config.text_config.max_position_embeddings)
        options = {"padding": "max_length", "max_length": length, "truncation": True, "return_tensors": "pt"}
        ids = self.tokenizer(texts, **options).input_ids
        return self.model.get_text_features(input_ids=ids).pooler_output.float()


class OpenClip(Clip):
    """The same of open_clip."""

    def embed_images(self, images):
        return self.model.encode_image(self.prepared(images)).float()

    def embed_texts(self, texts):
        return self.model.encode_text(self.tokenizer(texts)).float()


def cosines(images, texts):
    """How near vectors lie, (images, texts)."""
    return normalize(images, dim=-1) @ normalize(texts, dim=-1).T


def nearest(candidates, vectors, target, best):
    """Those candidates whose vectors lie nearest to a target, the nearest first."""
    return candidates[cosines(vectors, target)[:, 0].argsort(descending=True, stable=True)[:best]]


def turned(images, source, target, share):
    """Vectors of images turned from what one text says towards what another says (Ramesh et al. 2022)."""
    direction = normalize(target, dim=-1) - normalize(source, dim=-1)
    direction = (direction / direction.norm(dim=-1, keepdim=True)).expand(max(len(images), len(target)), -1)
    images = images.expand(len(direction), -1)
    norm = images.norm(dim=-1, keepdim=True)
    return normalize(slerp(images, direction * norm, share), dim=-1) * norm


def vector_condition(text_proj, text, vectors=None):
    """What leads an unCLIP's decoder: CLIP vectors (None: none of them) and a text."""
    tokens, whole, mask = text
    vectors = text_proj.learned_classifier_free_guidance_embeddings[None] if vectors is None else vectors
    count = max(len(vectors), len(tokens))
    tokens, added = text_proj(
        image_embeddings=vectors.expand(count, -1),
        prompt_embeds=whole.expand(count, -1),
        text_encoder_hidden_states=tokens.expand(count, -1, -1),
        do_classifier_free_guidance=False,
    )
    counts = torch.nn.functional.pad(mask, (text_proj.clip_extra_context_tokens, 0), value=True)
    return tokens, added, counts.expand(count, -1)
