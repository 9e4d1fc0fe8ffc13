"""Texts that a language model reads as they stand, or sign by sign."""

from __future__ import annotations

import torch
from diffusers.pipelines.longcat_image.pipeline_longcat_image import split_quotation


def bare_states(text, tokenizer, model, layers, most, multiple=1, empty=None):
    """States of some layers, side by side, as many as a text has tokens; what fills up to a multiple stands before."""
    numbers = tokenizer(text).input_ids[:most]
    if not numbers or (empty is not None and not text):
        numbers = [int(tokenizer.bos_token_id or 0) if empty is None else empty]
    filling = [int(tokenizer.pad_token_id or 0)] * (-len(numbers) % multiple)
    said = model(input_ids=torch.tensor([filling + numbers]), output_hidden_states=True)
    return (torch.cat([said.hidden_states[layer] for layer in layers], -1),)


def encode_ernie(text, tokenizer, model):
    """ERNIE-Image: the last layer but one of Ministral 3."""
    return bare_states(text, tokenizer, model, (-2,), 2048)


def encode_cogview_4(text, tokenizer, model):
    """CogView 4: the last layer but one of GLM-4."""
    return bare_states(text, tokenizer, model, (-2,), 1024, 16)


def encode_fibo(text, tokenizer, model):
    """Fibo: all layers of SmolLM3; an empty text is one token."""
    return bare_states(text, tokenizer, model, range(model.config.num_hidden_layers + 1), 3000, empty=128000)


def encode_anima(text, tokenizer, model, asking):
    """Anima: what Qwen 3 reads, which is nothing in an empty text, and the tokens of T5 that it is asked by."""
    (tokens,) = bare_states(text, tokenizer, model, (-1,), 512)
    mask = torch.full(tokens.shape[:2], bool(text))
    ids = asking([text], truncation=True, max_length=512).input_ids
    return tokens * mask[..., None], mask, torch.tensor(ids)


def encode_longcat(text, tokenizer, model):
    """LongCat-Image: Qwen 2.5 VL reads what stands in quotation marks sign by sign."""
    before = (
        "<|im_start|>system\nAs an image captioning expert, generate a descriptive text prompt based on an image "
        "content, suitable for input to a text-to-image model.<|im_end|>\n<|im_start|>user\n"
    )
    after = "<|im_end|>\n<|im_start|>assistant\n"

    def read(signs):
        return tokenizer(signs, add_special_tokens=False).input_ids

    parts = [signs if quoted else [signs] for signs, quoted in split_quotation(text)]
    numbers = [token for signs in parts for sign in signs for token in read(sign)][:512]
    first, filling = read(before), 512 - len(numbers)
    ids = torch.tensor([first + numbers + [tokenizer.pad_token_id] * filling + read(after)])
    mask = torch.ones_like(ids)
    mask[:, len(first) + len(numbers) : len(first) + 512] = 0
    said = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    return (said.hidden_states[-1][:, len(first) : len(first) + 512],)
