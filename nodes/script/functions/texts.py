"""Texts as conditions: tuples of tensors, in the order in which a network takes them."""

from __future__ import annotations

import torch
from torch.nn.functional import pad


def encode(text, tokenizer, text_encoder):
    """The vectors of a text's tokens, filled up to the length that CLIP reads."""
    return (text_encoder(clip_tokens(text, tokenizer, text_encoder).input_ids).last_hidden_state,)


def encode_whole(text, tokenizer, text_encoder):
    """The vectors of a text's tokens, and the text as a whole."""
    said = text_encoder(clip_tokens(text, tokenizer, text_encoder).input_ids)
    return said.last_hidden_state, said.pooler_output


def clip_tokens(text, tokenizer, text_encoder):
    """The numbers of a text's tokens, filled up or cut off."""
    length = min(tokenizer.model_max_length, text_encoder.config.max_position_embeddings)
    return tokenizer(text, padding="max_length", max_length=length, truncation=True, return_tensors="pt")


def encode_t5(text, tokenizer, text_encoder):
    """The vectors of a text's tokens by T5; small letters only, as the model was trained."""
    length = min(tokenizer.model_max_length, 77)
    options = {"padding": "max_length", "max_length": length, "truncation": True, "return_tensors": "pt"}
    texts = [text] if isinstance(text, str) else text
    found = tokenizer([one.lower().strip() for one in texts], **options)
    return (text_encoder(found.input_ids, attention_mask=found.attention_mask).last_hidden_state,)


def encode_twin(text, clip, open_clip, zeros):
    """Stable Diffusion XL: the last layer but one of both encoders, and the text as a whole by the second; an empty
    text may be zeros alone (Podell et al. 2023)."""
    said = [
        encoder(clip_tokens(text, tokenizer, encoder).input_ids, output_hidden_states=True)
        for tokenizer, encoder in (clip, open_clip)
    ]
    told = bool(text) or not zeros
    return torch.cat([one.hidden_states[-2] for one in said], -1) * told, said[1].text_embeds * told


def encode_cascade(text, tokenizer, text_encoder):
    """Stable Cascade: states behind the last layer of a CLIP that does not look at what fills up, and the whole."""
    found = tokenizer(text, padding="max_length", max_length=77, truncation=True, return_tensors="pt")
    ids = found.input_ids.masked_fill(found.attention_mask == 0, tokenizer.eos_token_id)
    said = text_encoder(ids, attention_mask=found.attention_mask, output_hidden_states=True)
    return said.hidden_states[-1], said.text_embeds


def encode_joint(text, clips, t5, width):
    """Tokens and the text as a whole, for Stable Diffusion 3: by one or two CLIP, and T5 (Esser et al. 2024)."""
    said = [
        encoder(clip_tokens(text, tokenizer, encoder).input_ids, output_hidden_states=True)
        for tokenizer, encoder in clips
    ]
    tokens = torch.cat([one.hidden_states[-2] for one in said], -1)
    tokens = pad(tokens, (0, width - tokens.shape[-1]))
    if t5:
        tokens = torch.cat([tokens, t5_states(text, *t5, 256)], 1)
    elif len(clips) == 2:
        tokens = torch.cat([tokens, tokens.new_zeros(1, 256, width)], 1)
    return tokens, torch.cat([one.text_embeds for one in said], -1)


def t5_states(text, tokenizer, text_encoder, length):
    """The vectors of so many tokens of a text by T5."""
    ids = tokenizer([text], padding="max_length", max_length=length, truncation=True, return_tensors="pt").input_ids
    return text_encoder(ids)[0]


def encode_early(text, tokenizer, text_encoder):
    """The last layer but one and the projected whole, as aMUSEd reads a text."""
    said = text_encoder(clip_tokens(text, tokenizer, text_encoder).input_ids, output_hidden_states=True)
    return said.hidden_states[-2], said.text_embeds


def encode_projected(text, tokenizer, text_encoder):
    """Tokens, the text as a whole, and which tokens are more than filling."""
    found = clip_tokens(text, tokenizer, text_encoder)
    said = text_encoder(found.input_ids)
    return said.last_hidden_state, said.text_embeds, found.attention_mask.bool()


def no_text(condition):
    """Zeros in the place of all tokens, and of the text as a whole."""
    return tuple(torch.zeros_like(part) for part in condition)


def one_behind_another(condition, behind):
    """The tokens of two texts, and the first one's whole."""
    return torch.cat([condition[0], behind[0]], 1), *condition[1:]


def mixed_texts(first, second, share):
    """Two texts token by token, the second filled up or cut to the first one's length."""
    length = first[0].shape[1]
    tokens = pad(second[0][:, :length], (0, 0, 0, max(length - second[0].shape[1], 0)))
    parts = zip(first, (tokens, *second[1:]), strict=True)
    return tuple(one * share + other * (1 - share) for one, other in parts)
