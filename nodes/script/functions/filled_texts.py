"""Texts that are filled up to a length before they are read."""

from __future__ import annotations

import inspect

import torch
from diffusers import SanaPipeline
from diffusers.pipelines.prx.pipeline_prx import TextPreprocessor

from nodes.script.functions.language import requested


def filled_states(asked, tokenizer, model, most, dropped=0, layer=-1, side="right"):
    """States of a layer for a text, without its first tokens, and which of them are more than filling."""
    options = {"padding": "max_length", "padding_side": side, "truncation": True, "max_length": most}
    found = tokenizer([asked], return_tensors="pt", **options)
    said = model(input_ids=found.input_ids, attention_mask=found.attention_mask, output_hidden_states=True)
    return said.hidden_states[layer][:, dropped:], found.attention_mask[:, dropped:].bool()


def zeroed_states(asked, tokenizer, model, most, dropped=0):
    """The same with zeros for what fills up, which leads too."""
    tokens, mask = filled_states(asked, tokenizer, model, most, dropped)
    return (tokens * mask[..., None],)


def encode_pixart(text, tokenizer, model):
    """PixArt-alpha: 120 tokens of T5, in small letters."""
    return filled_states(text.lower().strip(), tokenizer, model, 120)


def encode_pixart_sigma(text, tokenizer, model):
    """PixArt-Sigma: 300 tokens."""
    return filled_states(text.lower().strip(), tokenizer, model, 300)


def encode_aura_flow(text, tokenizer, model):
    """AuraFlow: 256 tokens of Pile-T5."""
    return zeroed_states(text, tokenizer, model, 256)


def encode_bria(text, tokenizer, model):
    """Bria: 128 tokens of T5."""
    return zeroed_states(text, tokenizer, model, 128)


def encode_bria_away(text, tokenizer, model):
    """What Bria is led away from: without a text, zeros alone."""
    (tokens,) = encode_bria(text, tokenizer, model)
    return (tokens if text else torch.zeros_like(tokens),)


def encode_chroma(text, tokenizer, model):
    """Chroma: 512 tokens of T5, of which the first that fills up leads too."""
    tokens, mask = filled_states(text, tokenizer, model, 512)
    return tokens, torch.arange(512)[None] < mask.sum(1, keepdim=True) + 1


def encode_ovis(text, tokenizer, model):
    """Ovis-Image: what Qwen 3 reads in a request to describe."""
    before = (
        "Describe the image by detailing the color, quantity, text, shape, size, texture, spatial relationships of the "
        "objects and background: "
    )
    bare = "<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    asked = requested(before + text, tokenizer, bare, add_generation_prompt=True, enable_thinking=False)
    return zeroed_states(asked, tokenizer, model, 284, 28)


def encode_lumina_2(text, tokenizer, model):
    """Lumina 2: the last layer but one of Gemma 2, for a text behind a system's words."""
    system = (
        "You are an assistant designed to generate superior images with the superior degree of image-text alignment "
        "based on textual prompts or user prompts."
    )
    begin = "<Prompt Start>"
    return encode_lumina_2_away(text if not text or begin in text else f"{system} {begin} {text}", tokenizer, model)


def encode_lumina_2_away(text, tokenizer, model):
    """What Lumina 2 is led away from: a text alone."""
    return filled_states(text, tokenizer, model, 256, layer=-2)


def encode_sana(text, tokenizer, model):
    """Sana: Gemma 2 reads a text behind an instruction, of whose tokens the very first and the last lead too."""
    if not text.strip():
        return encode_sana_away(text, tokenizer, model)
    before = "\n".join(inspect.signature(SanaPipeline.__call__).parameters["complex_human_instruction"].default)
    most = len(tokenizer(before).input_ids) + 300 - 2
    tokens, mask = filled_states(before + text.lower().strip(), tokenizer, model, most)
    places = [0, *range(most - 300 + 1, most)]
    return tokens[:, places], mask[:, places]


def encode_sana_away(text, tokenizer, model):
    """What Sana is led away from: a text alone."""
    return filled_states(text.lower().strip(), tokenizer, model, 300)


def encode_prx(text, tokenizer, model):
    """PRX: what T5Gemma reads in a text that was cleaned as its captions were."""
    most = min(tokenizer.model_max_length, 256)
    return filled_states(TextPreprocessor().clean_text(text), tokenizer, model, most, side=tokenizer.padding_side)
