"""Texts that several text encoders read, each pair a tokenizer and its encoder."""

from __future__ import annotations

import copy

import torch
from diffusers.pipelines.hunyuan_image.pipeline_hunyuanimage import extract_glyph_text
from diffusers.pipelines.ideogram4.pipeline_ideogram4 import QWEN3_VL_ACTIVATION_LAYERS
from torch.nn.functional import pad

from nodes.script.functions.filled_texts import filled_states
from nodes.script.functions.language import seeing_states
from nodes.script.functions.texts import clip_tokens


def clip_said(text, tokenizer, encoder, most=None):
    """What CLIP says to a text of so many tokens at most."""
    if most is None:
        return encoder(clip_tokens(text, tokenizer, encoder).input_ids, output_hidden_states=True)
    length = min(most, encoder.config.max_position_embeddings)
    options = {"padding": "max_length", "max_length": length, "truncation": True, "return_tensors": "pt"}
    return encoder(tokenizer(text, **options).input_ids, output_hidden_states=True)


def encode_hidream(text, clip, open_clip, t5, llama):
    """HiDream: T5's tokens and every layer of Llama's side by side, and both CLIPs' wholes."""
    reads, model = copy.deepcopy(llama[0]), llama[1]
    if reads.pad_token is None:
        reads.pad_token = reads.eos_token
    options = {"padding": "max_length", "padding_side": "right", "truncation": True, "max_length": 128}
    found = reads([text], return_tensors="pt", **options)
    said = model(input_ids=found.input_ids, attention_mask=found.attention_mask, output_hidden_states=True)
    tokens = torch.cat([filled_states(text, *t5, 128)[0], torch.cat(said.hidden_states[1:], -1)], -1)
    return tokens, torch.cat([clip_said(text, *one, 128).text_embeds for one in (clip, open_clip)], -1)


def encode_kandinsky_5(text, qwen, clip):
    """Kandinsky 5: what Qwen 2.5 VL reads in a text that it is asked to describe, and CLIP's whole."""
    before = (
        "<|im_start|>system\nYou are a prompt engineer. Describe the image by detailing the color, shape, size, "
        "texture, quantity, text, spatial relationships of the objects and background:<|im_end|>\n<|im_start|>user\n"
    )
    tokens, _ = seeing_states(text, *qwen, before, 40, most=512, after="<|im_end|>")
    return tokens, clip_said(text, *clip).pooler_output


def encode_hunyuan(text, qwen, byt5):
    """HunyuanImage: what Qwen 2.5 VL reads, and behind it what ByT5 reads in quotation marks, 128 tokens."""
    frame = (
        "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, "
        "spatial relationships of the objects and background:<|im_end|>\n<|im_start|>user\n{}<|im_end|>"
    )
    tokens, mask = filled_states(frame.format(text), *qwen, 1034, 34, layer=-3)
    quoted = extract_glyph_text(text)
    signs, kept = filled_states(quoted or "", *byt5, 128)
    if not quoted:
        signs, kept = torch.zeros_like(signs), torch.zeros_like(kept)
    wide = pad(signs, (0, tokens.shape[-1] - signs.shape[-1]))
    return torch.cat([tokens, wide], 1), torch.cat([mask, kept], 1)


def encode_hunyuan_dit(text, clip, t5):
    """Hunyuan-DiT: 77 tokens of its bilingual CLIP, and behind them 256 of mT5."""
    read = [filled_states(text, *clip, 77), filled_states(text, *t5, 256)]
    width = max(tokens.shape[-1] for tokens, _ in read)
    wide = [pad(tokens, (0, width - tokens.shape[-1])) for tokens, _ in read]
    return torch.cat(wide, 1), torch.cat([mask for _, mask in read], 1)


def encode_ideogram(text, tokenizer, model):
    """Ideogram 4: thirteen layers of Qwen3-VL; an empty text has no tokens at all."""
    layers = [layer + 1 for layer in QWEN3_VL_ACTIVATION_LAYERS]
    if not text:
        return (torch.zeros(1, 0, len(layers) * model.get_input_embeddings().embedding_dim),)
    hook = model.language_model.norm.register_forward_hook(lambda _, inputs, output: inputs[0])
    tokens, _ = seeing_states(text, tokenizer, model, "<|im_start|>user\n", 0, layers=layers, most=2048)
    hook.remove()
    return (tokens,)
