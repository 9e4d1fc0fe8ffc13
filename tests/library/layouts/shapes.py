"""Names and shapes of weights in the layouts that people have, with small widths: enough to tell what a file is.

Original names: as their authors and ComfyUI write them, looked up in the published headers and in ComfyUI's own
detection (comfy/model_detection.py, sd.py, controlnet.py); those of adapters in the savers of kohya's sd-scripts,
OneTrainer, ai-toolkit, LyCORIS and peft.
"""

from __future__ import annotations

from typing import NamedTuple

Shapes = dict[str, tuple[int, ...]]
W, HEAD = 32, 16


class Layout(NamedTuple):
    """A file: its tensors, and the kind, family and node that it must be told as."""

    tensors: Shapes
    kind: str
    family: str
    node: str = ""
    metadata: dict[str, str] = {}


def under(prefix: str, shapes: Shapes) -> Shapes:
    return {prefix + name: shape for name, shape in shapes.items()}


SD1: Shapes = {
    "input_blocks.0.0.weight": (W, 4, 3, 3),
    "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (W, 768),
    "time_embed.0.weight": (W, W),
    "out.2.weight": (4, W, 3, 3),
}
SD2 = {**SD1, "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (W, 1024)}
XL: Shapes = {
    "input_blocks.0.0.weight": (W, 4, 3, 3),
    "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (W, 2048),
    "time_embed.0.weight": (W, W),
    "label_emb.0.0.weight": (W, 2816),
}
VAE: Shapes = {
    "decoder.conv_in.weight": (W, 4, 3, 3),
    "decoder.mid.block_1.norm1.weight": (W,),
    "decoder.mid.attn_1.q.weight": (W, W, 1, 1),
    "encoder.conv_in.weight": (W, 3, 3, 3),
    "quant_conv.weight": (8, 8, 1, 1),
}
CLIP: Shapes = {
    "text_model.embeddings.token_embedding.weight": (49408, W),
    **{f"text_model.encoder.layers.{layer}.mlp.fc1.weight": (4 * W, W) for layer in range(12)},
    **{f"text_model.encoder.layers.{layer}.layer_norm1.weight": (W,) for layer in range(12)},
}
CLIP_G: Shapes = {
    **CLIP,
    **{f"text_model.encoder.layers.{layer}.mlp.fc1.weight": (4 * W, W) for layer in range(12, 32)},
    "text_projection.weight": (W, W),
}
OPEN_CLIP: Shapes = {
    "token_embedding.weight": (49408, W),
    "transformer.resblocks.0.mlp.c_fc.weight": (4 * W, W),
    "text_projection": (W, W),
}
T5: Shapes = {
    "shared.weight": (32128, W),
    **{f"encoder.block.{n}.layer.1.DenseReluDense.wi_1.weight": (10240, 4096) for n in range(24)},
    "encoder.block.0.layer.0.SelfAttention.q.weight": (W, W),
    "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": (32, 4),
}
UMT5 = {**T5, "encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight": (32, 4)}
FLUX: Shapes = {
    "img_in.weight": (W, 64),
    "txt_in.weight": (W, 4096),
    "time_in.in_layer.weight": (W, 256),
    "vector_in.in_layer.weight": (W, 768),
    "double_blocks.0.img_attn.norm.key_norm.scale": (HEAD,),
    "double_blocks.0.img_attn.qkv.weight": (3 * W, W),
    "single_blocks.0.linear1.weight": (7 * W, W),
    "final_layer.linear.weight": (64, W),
}
CHROMA = {name: shape for name, shape in FLUX.items() if not name.startswith(("time_in", "vector_in"))} | {
    "distilled_guidance_layer.in_proj.weight": (W, 64),
    "distilled_guidance_layer.norms.0.scale": (W,),
}
PIXART: Shapes = {
    "x_embedder.proj.weight": (W, 4, 2, 2),
    "t_block.1.weight": (6 * W, W),
    "y_embedder.y_embedding": (300, W),
    "blocks.0.cross_attn.q_linear.weight": (W, W),
}
HUNYUAN_DIT: Shapes = {
    "x_embedder.proj.weight": (W, 4, 2, 2),
    "mlp_t5.0.weight": (8192, 2048),
    "text_embedding_padding": (333, 1024),
    "pooler.positional_embedding": (257, 2048),
    "blocks.0.attn1.Wqkv.weight": (3 * W, W),
}
BILINGUAL_CLIP: Shapes = {
    "embeddings.word_embeddings.weight": (47020, 1024),
    "encoder.layer.0.attention.self.query.weight": (1024, 1024),
}
MT5: Shapes = {
    "shared.weight": (250112, 2048),
    "encoder.block.0.layer.0.SelfAttention.q.weight": (2048, 2048),
    "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": (32, 32),
}
SANA: Shapes = {
    **PIXART,
    "x_embedder.proj.weight": (W, 32, 1, 1),
    "attention_y_norm.weight": (W,),
    "blocks.0.mlp.depth_conv.conv.weight": (5 * W, 1, 3, 3),
}
FLUX_2: Shapes = {
    "img_in.weight": (W, 128),
    "txt_in.weight": (W, 15360),
    "double_blocks.0.img_attn.norm.key_norm.scale": (HEAD,),
    "double_stream_modulation_img.lin.weight": (6 * W, W),
    "single_stream_modulation.lin.weight": (3 * W, W),
}
Z_IMAGE: Shapes = {
    "cap_embedder.1.weight": (W, 2560),
    "noise_refiner.0.attention.k_norm.weight": (HEAD,),
    "layers.0.attention.qkv.weight": (3 * W, W),
    "x_pad_token": (1, W),
    "x_embedder.weight": (W, 64),
}
QWEN: Shapes = {
    "txt_norm.weight": (3584,),
    "img_in.weight": (W, 64),
    "transformer_blocks.0.img_mod.1.weight": (6 * W, W),
    "proj_out.weight": (64, W),
}
QWEN_21: Shapes = {
    "txt_in.text_norm.weight": (4096,),
    "modulation.1.weight": (4 * W, W),
    "img_in.weight": (W, 64),
    "transformer_blocks.0.img_mlp.gate_up.weight": (8 * W, W),
    "proj_out.weight": (64, W),
    "transformer_blocks.0.attn.norm_q.weight": (HEAD,),
}
QWEN_VL: Shapes = {
    "model.layers.0.self_attn.k_proj.bias": (512,),
    "model.layers.0.self_attn.k_proj.weight": (512, W),
    "model.layers.0.self_attn.q_proj.weight": (W, W),
    "model.layers.0.mlp.gate_proj.weight": (W, W),
    "visual.blocks.0.attn.qkv.weight": (3 * W, W),
    "lm_head.weight": (W, W),
}


def qwen_3(width: int) -> Shapes:
    return {
        "model.embed_tokens.weight": (151936, width),
        "model.layers.0.self_attn.q_norm.weight": (128,),
        "model.layers.0.self_attn.q_proj.weight": (W, width),
        "model.layers.0.mlp.gate_proj.weight": (W, width),
        "model.layers.0.post_attention_layernorm.weight": (width,),
    }


def qwen_3_vl(width: int) -> Shapes:
    return {
        "model.visual.deepstack_merger_list.0.norm.weight": (W,),
        "model.visual.merger.linear_fc2.weight": (width, W),
        "model.language_model.layers.0.self_attn.q_norm.weight": (128,),
    }


MISTRAL: Shapes = {
    "model.layers.0.self_attn.q_proj.weight": (W, W),
    "model.layers.0.mlp.gate_proj.weight": (W, W),
    "model.layers.0.post_attention_layernorm.weight": (5120,),
    "tekken_model": (100,),
}


def of_mistral(inner: int) -> Shapes:
    """A language model as wide as Mistral Small 3; only the inner width of its MLP tells which it is."""
    return {
        "model.layers.0.self_attn.q_proj.weight": (W, W),
        "model.layers.0.mlp.gate_proj.weight": (inner, W),
        "model.layers.0.post_attention_layernorm.weight": (5120,),
    }


GEMMA_2: Shapes = {
    "model.layers.0.self_attn.q_proj.weight": (W, W),
    "model.layers.0.mlp.gate_proj.weight": (W, W),
    "model.layers.0.post_feedforward_layernorm.weight": (W,),
}
LLAMA: Shapes = {
    "model.embed_tokens.weight": (128256, 4096),
    "model.layers.0.self_attn.q_proj.weight": (W, W),
    "model.layers.0.mlp.gate_proj.weight": (W, W),
    "model.layers.31.self_attn.q_proj.weight": (W, W),
}
LATENT, WHOLE, ALONE = "nodes.load_latent_diffusion", "nodes.load_model", "nodes.load_diffusion_model"
READER = "nodes.load_text_encoder"
CONTROLNET = "nodes.load_controlnet"
CONTROL, LORA, LOAD_VAE = "nodes.load_controlnet", "nodes.apply_lora", "nodes.load_vae"
IN_ONE = "model.diffusion_model."


def kohya(*layers: str, prefix: str = "lora_unet_", columns: int = W, rows: int = W) -> Shapes:
    """A LoRA as kohya's trainer writes it."""
    found: Shapes = {}
    for layer in layers:
        found |= {f"{prefix}{layer}.lora_down.weight": (4, columns), f"{prefix}{layer}.lora_up.weight": (rows, 4)}
        found |= {f"{prefix}{layer}.alpha": ()}
    return found


def dotted(*layers: str, prefix: str = "transformer.", columns: int = W, rows: int = W) -> Shapes:
    """A LoRA as peft and diffusers write it."""
    found: Shapes = {}
    for layer in layers:
        found |= {f"{prefix}{layer}.lora_A.weight": (4, columns), f"{prefix}{layer}.lora_B.weight": (rows, 4)}
    return found
