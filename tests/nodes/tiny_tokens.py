"""Tiny models of tokens with random weights, in the layouts of their libraries."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers import AmusedPipeline, AmusedScheduler, UVit2DModel, VQModel
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer, GPT2Config, GPT2LMHeadModel


def new_vq(**options: Any) -> VQModel:
    """16 kinds of codes, a place of 4 x 4 pixels."""
    torch.manual_seed(0)
    shape: dict[str, Any] = {
        "block_out_channels": (8, 8, 8),
        "down_block_types": ("DownEncoderBlock2D",) * 3,
        "up_block_types": ("UpDecoderBlock2D",) * 3,
        "norm_num_groups": 4,
        "latent_channels": 4,
        "num_vq_embeddings": 16,
        "mid_block_add_attention": False,
    }
    model = VQModel(**(shape | options))
    torch.nn.init.normal_(model.quantize.embedding.weight)
    return model.eval()


AMUSED_256: dict[str, Any] = {
    "block_num_heads": 12,
    "block_out_channels": 768,
    "codebook_size": 8192,
    "cond_embed_dim": 768,
    "encoder_hidden_size": 768,
    "hidden_size": 1024,
    "in_channels": 768,
    "intermediate_size": 2816,
    "micro_cond_embed_dim": 1280,
    "micro_cond_encode_dim": 256,
    "num_attention_heads": 16,
    "num_res_blocks": 3,
    "sample_size": 16,
    "vocab_size": 8256,
}
"""The transformer of amused/amused-256, but for its 22 layers."""
SMALL: dict[str, Any] = {
    "block_num_heads": 2,
    "block_out_channels": 16,
    "codebook_size": 16,
    "cond_embed_dim": 24,
    "encoder_hidden_size": 32,
    "hidden_size": 32,
    "in_channels": 16,
    "intermediate_size": 48,
    "micro_cond_embed_dim": 40,
    "micro_cond_encode_dim": 8,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "num_res_blocks": 1,
    "sample_size": 8,
    "vocab_size": 20,
}


def new_amused(tokenizer: CLIPTokenizer, vq: VQModel, text: dict[str, Any], **shape: Any) -> AmusedPipeline:
    """A model with random weights that are not near zero, so that chance alone does not decide."""
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=tokenizer.model_max_length,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **text,
    )
    transformer = UVit2DModel(**shape)
    for name, weight in transformer.named_parameters():
        if weight.ndim > 1 and "embeddings" not in name:
            weight.data *= 2
    return AmusedPipeline(
        vqvae=vq,
        tokenizer=tokenizer,
        text_encoder=CLIPTextModelWithProjection(config).eval(),
        transformer=transformer.eval(),
        scheduler=AmusedScheduler(mask_token_id=shape["vocab_size"] - 1),
    )


def save_amused(path: Path, tokenizer: CLIPTokenizer) -> Path:
    """A model of masked tokens as diffusers saves it."""
    text = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 2}
    vq = new_vq(lookup_from_codebook=True)
    new_amused(tokenizer, vq, text | {"projection_dim": 24}, **SMALL).save_pretrained(path)
    return path


def save_dalle(path: Path, tokenizer: CLIPTokenizer, **changes: Any) -> Path:
    """A transformer over 6 tokens of text and 3 x 3 codes of 16 kinds, with random weights."""
    torch.manual_seed(0)
    fields = {"n_positions": 15, "n_embd": 32, "n_layer": 2, "n_head": 2, "initializer_range": 0.3}
    split = {"text_vocab_size": len(tokenizer), "text_length": 6, "image_side": 3}
    config = GPT2Config(vocab_size=len(tokenizer) + 16, bos_token_id=0, eos_token_id=1, **(fields | split | changes))
    GPT2LMHeadModel(config).eval().save_pretrained(path / "transformer")
    tokenizer.save_pretrained(path / "tokenizer")
    return path


class TinyTokens(NamedTuple):
    """The folders of the tiny models; read them, never change them."""

    vq: Path
    amused: Path
    dalle: Path


def save_all(folder: Path, tokenizer: CLIPTokenizer) -> TinyTokens:
    """All of them."""
    new_vq().save_pretrained(folder / "vq")
    return TinyTokens(folder / "vq", save_amused(folder / "amused", tokenizer), save_dalle(folder / "dalle", tokenizer))
