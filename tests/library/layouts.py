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


NETWORKS = {
    "sd1 whole": Layout(
        under(IN_ONE, SD1) | under("first_stage_model.", VAE) | under("cond_stage_model.transformer.", CLIP),
        "checkpoint",
        "Stable Diffusion 1",
        LATENT,
    ),
    "sd1 without text": Layout(
        under(IN_ONE, SD1) | under("first_stage_model.", VAE), "checkpoint", "Stable Diffusion 1", ALONE
    ),
    "sd1 U-Net": Layout(under(IN_ONE, SD1), "unet", "Stable Diffusion 1", ALONE),
    "sd2 whole": Layout(
        under(IN_ONE, SD2) | under("first_stage_model.", VAE) | under("cond_stage_model.model.", OPEN_CLIP),
        "checkpoint",
        "Stable Diffusion 2",
        LATENT,
    ),
    "xl whole": Layout(
        under(IN_ONE, XL)
        | under("first_stage_model.", VAE)
        | under("conditioner.embedders.0.transformer.", CLIP)
        | under("conditioner.embedders.1.model.", OPEN_CLIP),
        "checkpoint",
        "Stable Diffusion XL",
        LATENT,
    ),
    "xl refiner": Layout(
        under(IN_ONE, XL) | under("first_stage_model.", VAE) | under("conditioner.embedders.0.model.", OPEN_CLIP),
        "checkpoint",
        "Stable Diffusion XL's refiner",
        LATENT,
    ),
    "xl U-Net": Layout(XL, "unet", "Stable Diffusion XL", ALONE),
    "sd3 whole": Layout(
        under(
            IN_ONE,
            {
                "joint_blocks.0.context_block.attn.qkv.weight": (3 * W, W),
                "x_embedder.proj.weight": (W, 16, 2, 2),
                "pos_embed": (1, 64, W),
            },
        )
        | under("first_stage_model.", VAE)
        | under("text_encoders.clip_l.transformer.", CLIP)
        | under("text_encoders.clip_g.transformer.", CLIP_G)
        | under("text_encoders.t5xxl.transformer.", T5),
        "checkpoint",
        "Stable Diffusion 3",
        WHOLE,
    ),
    "sd3": Layout(
        {"joint_blocks.0.context_block.attn.qkv.weight": (3 * W, W), "x_embedder.proj.weight": (W, 16, 2, 2)},
        "transformer",
        "Stable Diffusion 3",
        ALONE,
    ),
    "flux": Layout(FLUX, "transformer", "FLUX.1", ALONE),
    "flux under a prefix": Layout(under(IN_ONE, FLUX), "transformer", "FLUX.1", ALONE),
    "flux as ComfyUI saves it": Layout(
        {name.replace(".scale", ".weight"): shape for name, shape in FLUX.items()}, "transformer", "FLUX.1", ALONE
    ),
    "flux whole": Layout(
        under(IN_ONE, FLUX)
        | under("vae.", {**VAE, "decoder.conv_in.weight": (W, 16, 3, 3)})
        | under("text_encoders.clip_l.transformer.", CLIP)
        | under("text_encoders.t5xxl.transformer.", T5),
        "checkpoint",
        "FLUX.1",
        WHOLE,
    ),
    "flux fill": Layout({**FLUX, "img_in.weight": (W, 384)}, "transformer", "FLUX.1 Fill", ALONE),
    "flux depth": Layout({**FLUX, "img_in.weight": (W, 128)}, "transformer", "FLUX.1 Canny or Depth", ALONE),
    "chroma": Layout(CHROMA, "transformer", "Chroma", ALONE),
    "chroma radiance": Layout({**CHROMA, "nerf_blocks.0.norm.scale": (W,)}, "transformer", "Chroma Radiance"),
    "flux 2 dev": Layout(FLUX_2, "transformer", "FLUX.2", ALONE),
    "flux 2 klein 4b": Layout({**FLUX_2, "txt_in.weight": (W, 7680)}, "transformer", "FLUX.2 Klein", ALONE),
    "flux 3": Layout(
        {
            "early_stream_modulations.image.lin.weight": (W, W),
            "emb_in.image.weight": (W, W),
            "content_mode_blocks.image.0.q_proj.weight": (W, W),
        },
        "transformer",
        "FLUX.3",
        ALONE,
    ),
    "qwen-image": Layout(QWEN, "transformer", "Qwen-Image", ALONE),
    "qwen-image layered": Layout(
        {**QWEN, "time_text_embed.addition_t_embedding.weight": (2, W)}, "transformer", "Qwen-Image-Layered"
    ),
    "qwen-image edit 2511": Layout(
        {**QWEN, "__index_timestep_zero__": (0,)}, "transformer", "Qwen-Image-Edit 2511", ALONE
    ),
    "qwen-image 2.1": Layout(QWEN_21, "transformer", "Qwen-Image 2.1", ALONE),
    "z-image": Layout(Z_IMAGE, "transformer", "Z-Image", ALONE),
    "z-image under a prefix": Layout(under(IN_ONE, Z_IMAGE), "transformer", "Z-Image", ALONE),
    "lumina 2": Layout(
        {name: shape for name, shape in Z_IMAGE.items() if name != "x_pad_token"}, "transformer", "Lumina 2", ALONE
    ),
    "krea 2": Layout(
        {
            "txtfusion.projector.weight": (1, 12),
            "first.weight": (W, 64),
            "blocks.0.attn.wq.weight": (W, W),
            "blocks.0.attn.gate.weight": (W, W),
        },
        "transformer",
        "Krea 2",
        ALONE,
    ),
    "anima": Layout(
        under(
            "net.",
            {
                "blocks.0.mlp.layer1.weight": (W, W),
                "llm_adapter.blocks.0.cross_attn.q_proj.weight": (W, W),
                "x_embedder.proj.1.weight": (W, 68),
            },
        ),
        "transformer",
        "Anima",
    ),
    "cosmos predict 2": Layout(
        under("net.", {"blocks.0.mlp.layer1.weight": (W, W), "x_embedder.proj.1.weight": (W, 68)}),
        "transformer",
        "Cosmos-Predict2",
    ),
    "pixart sigma": Layout(PIXART, "transformer", "PixArt-Sigma", ALONE),
    "pixart alpha": Layout({**PIXART, "ar_embedder.mlp.0.weight": (W, 256)}, "transformer", "PixArt-alpha", ALONE),
    "sana": Layout(SANA, "transformer", "Sana", ALONE),
    "sana sprint": Layout({**SANA, "cfg_embedder.mlp.0.weight": (W, 256)}, "transformer", "Sana Sprint", ALONE),
    "hidream": Layout(
        {"caption_projection.0.linear.weight": (W, W), "double_stream_blocks.0.block.attn1.to_q.weight": (W, W)},
        "transformer",
        "HiDream",
        ALONE,
    ),
    "auraflow": Layout({"double_layers.0.attn.w1q.weight": (W, W)}, "transformer", "AuraFlow", ALONE),
    "wan": Layout({"head.modulation": (1, 2, W), "blocks.0.ffn.0.weight": (W, W)}, "transformer", "Wan"),
    "ernie": Layout(
        {"layers.0.mlp.linear_fc2.weight": (W, W), "text_proj.weight": (W, W)}, "transformer", "ERNIE-Image", ALONE
    ),
    "longcat": Layout(
        {name: shape for name, shape in FLUX.items() if not name.startswith("vector_in")},
        "transformer",
        "LongCat-Image",
        ALONE,
    ),
    "ovis": Layout(
        {**FLUX, "txt_norm.scale": (2048,), "double_blocks.0.img_mlp.gate_proj.weight": (W, W)},
        "transformer",
        "Ovis-Image",
        ALONE,
    ),
    "cogview 4": Layout(
        {
            "time_condition_embed.timestep_embedder.linear_1.weight": (W, W),
            "patch_embed.proj.weight": (W, 64),
        },
        "transformer",
        "CogView 4",
        ALONE,
    ),
    "hunyuan image": Layout(
        {
            "x_embedder.proj.weight": (W, 64, 1, 1),
            "context_embedder.token_refiner.refiner_blocks.0.norm1.weight": (W,),
            "context_embedder_2.linear_3.weight": (W, W),
        },
        "transformer",
        "HunyuanImage",
        ALONE,
    ),
    "ideogram 4": Layout({"embed_image_indicator.weight": (2, W)}, "transformer", "Ideogram 4"),
    "omnigen 2": Layout(
        {"time_caption_embed.timestep_embedder.linear_1.bias": (W,), "ref_image_patch_embedder.weight": (W, 64)},
        "transformer",
        "OmniGen2",
    ),
    "stable cascade": Layout(
        {"clf.1.weight": (16, W, 1, 1), "clip_txt_mapper.weight": (W, W)}, "unet", "Stable Cascade"
    ),
}
TEXT = {
    "clip_l": Layout(CLIP, "text encoder", "CLIP-L", READER),
    "clip_g": Layout(CLIP_G, "text encoder", "CLIP-G", READER),
    "open_clip text": Layout(OPEN_CLIP, "text encoder", "OpenCLIP"),
    "open_clip": Layout(
        {**OPEN_CLIP, "visual.conv1.weight": (W, 3, 14, 14), "logit_scale": ()}, "clip", "CLIP", "nodes.load_clip"
    ),
    "clip vision": Layout(
        {"vision_model.embeddings.class_embedding": (W,), "visual_projection.weight": (W, W)}, "clip vision", "CLIP"
    ),
    "t5": Layout(T5, "text encoder", "T5-XXL", READER),
    "umt5": Layout(UMT5, "text encoder", "UMT5-XXL"),
    "qwen 2.5 vl 7b": Layout(QWEN_VL, "text encoder", "Qwen2.5-VL 7B", READER),
    "qwen 2.5 vl 3b": Layout(
        {**QWEN_VL, "model.layers.0.self_attn.k_proj.bias": (256,)}, "text encoder", "Qwen2.5-VL 3B"
    ),
    "qwen 3 4b": Layout(qwen_3(2560), "text encoder", "Qwen3 4B", READER),
    "qwen 3 0.6b": Layout(qwen_3(1024), "text encoder", "Qwen3 0.6B", "nodes.load_language_model"),
    "qwen 3 of another size": Layout(qwen_3(96), "text encoder", "Qwen3", READER),
    "qwen 3 vl 8b": Layout(qwen_3_vl(4096), "text encoder", "Qwen3-VL 8B", "nodes.load_text_encoder"),
    "qwen 3 vl 4b": Layout(qwen_3_vl(2560), "text encoder", "Qwen3-VL 4B", "nodes.load_text_encoder"),
    "mistral": Layout(MISTRAL, "text encoder", "Mistral Small 3", READER),
    "gemma 2": Layout(GEMMA_2, "text encoder", "Gemma 2", READER),
    "pile t5": Layout({**UMT5, "shared.weight": (32128, 2048)}, "text encoder", "Pile-T5-XL", READER),
    "ministral 3": Layout(
        {**LLAMA, "model.embed_tokens.weight": (131072, 3072)}, "text encoder", "Ministral 3 3B", READER
    ),
    "ovis qwen 3": Layout(qwen_3(2048), "text encoder", "Qwen3 2B", READER),
    "llama": Layout(LLAMA, "text encoder", "Llama 3.1 8B", READER),
}
AUTOENCODERS = {
    "4 channels": Layout(VAE, "vae", "Stable Diffusion 1, 2 or XL", LOAD_VAE),
    "16 channels": Layout(
        {**VAE, "decoder.conv_in.weight": (W, 16, 3, 3)}, "vae", "FLUX.1 or Stable Diffusion 3", LOAD_VAE
    ),
    "flux 2": Layout(
        {**VAE, "decoder.conv_in.weight": (W, 32, 3, 3), "bn.running_mean": (128,)}, "vae", "FLUX.2", LOAD_VAE
    ),
    "qwen-image": Layout(
        {"decoder.middle.0.residual.0.gamma": (W, 1, 1, 1), "encoder.conv1.weight": (W, 3, 3, 3, 3)},
        "vae",
        "Qwen-Image",
        LOAD_VAE,
    ),
    "qwen-image 2.1": Layout(
        {
            "decoder.upsamples.0.upsamples.0.residual.2.weight": (W, W, 3, 3, 3),
            "decoder.middle.0.residual.0.gamma": (W, 1, 1, 1),
            "encoder.conv1.weight": (W, 3, 3, 3, 3),
        },
        "vae",
        "Qwen-Image 2.1",
    ),
    "taesd decoder": Layout(
        {"1.weight": (W, 4, 3, 3), "3.conv.0.weight": (W, W, 3, 3)}, "small vae", "Stable Diffusion or FLUX.1", LOAD_VAE
    ),
    "taesd encoder": Layout(
        {"0.weight": (W, 3, 3, 3), "1.conv.0.weight": (W, W, 3, 3)}, "small vae", "Stable Diffusion or FLUX.1", LOAD_VAE
    ),
    "dc-ae": Layout({"decoder.stages.0.op_list.0.main.conv.weight": (W, W, 3, 3)}, "vae", "Sana", LOAD_VAE),
}
CONTROLS = {
    "controlnet original": Layout(
        under(
            "control_model.", {**SD1, "zero_convs.0.0.weight": (W, W, 1, 1), "input_hint_block.0.weight": (16, 3, 3, 3)}
        ),
        "controlnet",
        "Stable Diffusion",
        CONTROL,
    ),
    "controlnet diffusers": Layout(
        {"controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3), "conv_in.weight": (W, 4, 3, 3)},
        "controlnet",
        "Stable Diffusion",
        CONTROL,
    ),
    "controlnet xl": Layout(
        {
            "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3),
            "add_embedding.linear_1.weight": (W, 2816),
            "conv_in.weight": (W, 4, 3, 3),
            "time_embedding.linear_1.weight": (W, W),
        },
        "controlnet",
        "Stable Diffusion XL",
        CONTROL,
    ),
    "controlnet flux": Layout(
        {
            "controlnet_x_embedder.weight": (W, 64),
            "controlnet_blocks.0.weight": (W, W),
            "transformer_blocks.0.attn.to_q.weight": (W, W),
            "single_transformer_blocks.0.attn.to_q.weight": (W, W),
        },
        "controlnet",
        "FLUX.1",
        CONTROLNET,
    ),
    "controlnet xlabs": Layout(
        {"controlnet_blocks.0.weight": (W, W), "double_blocks.0.img_attn.norm.key_norm.scale": (HEAD,)},
        "controlnet",
        "FLUX.1",
    ),
    "controlnet sd3": Layout(
        {"controlnet_blocks.0.weight": (W, W), "pos_embed_input.proj.weight": (W, 17, 2, 2)},
        "controlnet",
        "Stable Diffusion 3",
        CONTROLNET,
    ),
    "controlnet qwen-image": Layout(
        {
            "controlnet_blocks.0.weight": (W, W),
            "controlnet_x_embedder.weight": (W, 64),
            "transformer_blocks.0.img_mlp.net.0.proj.weight": (W, W),
            "img_in.weight": (W, 64),
            "txt_norm.weight": (3584,),
        },
        "controlnet",
        "Qwen-Image",
        CONTROLNET,
    ),
    "controlnet z-image": Layout(
        {"control_all_x_embedder.2-1.weight": (W, 132), "control_layers.0.attention.qkv.weight": (W, W)},
        "controlnet",
        "Z-Image",
        CONTROLNET,
    ),
    "control lora": Layout(
        {
            "lora_controlnet": (),
            "input_hint_block.0.weight": (16, 3, 3, 3),
            "zero_convs.0.0.weight": (W, W, 1, 1),
            "input_blocks.1.0.in_layers.2.up": (W, 4, 1, 1),
        },
        "control lora",
        "Stable Diffusion XL",
    ),
    "t2i adapter": Layout(
        {"body.0.block1.weight": (W, W, 3, 3), "conv_in.weight": (W, 64, 3, 3)}, "t2i adapter", "Stable Diffusion"
    ),
    "t2i adapter xl": Layout(
        {"adapter.body.0.resnets.0.block1.weight": (W, W, 3, 3), "adapter.conv_in.weight": (W, 768, 3, 3)},
        "t2i adapter",
        "Stable Diffusion XL",
    ),
    "ip adapter": Layout(
        {"image_proj.proj.weight": (W, W), "ip_adapter.1.to_k_ip.weight": (W, 768)}, "ip adapter", "Stable Diffusion 1"
    ),
    "redux": Layout(
        {"redux_up.weight": (12288, 1152), "redux_down.weight": (W, W)}, "redux", "FLUX.1", "nodes.load_redux"
    ),
    "siglip's image encoder": Layout(
        {"vision_model.head.probe": (1, 1, 1152), "vision_model.post_layernorm.weight": (1152,)},
        "clip vision",
        "SigLIP",
        "nodes.load_redux",
    ),
    "lllite": Layout(
        {"lllite_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.down.0.weight": (W, W)},
        "lllite",
        "Stable Diffusion XL",
    ),
    "embedding": Layout({"emb_params": (2, 768)}, "embedding", "Stable Diffusion"),
    "embedding xl": Layout({"clip_l": (2, 768), "clip_g": (2, 1280)}, "embedding", "Stable Diffusion XL"),
    "hypernetwork": Layout({"768.0.linear.0.weight": (W, W)}, "hypernetwork", "Stable Diffusion"),
    "esrgan": Layout(
        {"conv_first.weight": (W, 3, 3, 3), "body.0.rdb1.conv1.weight": (W, W, 3, 3)},
        "upscaler",
        "ESRGAN",
        "nodes.load_upscaler",
    ),
}
LORAS = {
    "kohya sd1": Layout(
        kohya("down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k", columns=768),
        "lora",
        "Stable Diffusion 1",
        LORA,
    ),
    "kohya sd2": Layout(
        kohya("down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k", columns=1024),
        "lora",
        "Stable Diffusion 2",
        LORA,
    ),
    "kohya xl": Layout(
        kohya("input_blocks_4_1_transformer_blocks_0_attn2_to_k", columns=2048), "lora", "Stable Diffusion XL", LORA
    ),
    "kohya flux": Layout(kohya("double_blocks_0_img_attn_qkv", "single_blocks_0_linear1"), "lora", "FLUX.1"),
    "diffusers flux": Layout(dotted("single_transformer_blocks.0.attn.to_q"), "lora", "FLUX.1"),
    "flux 2": Layout(dotted("single_transformer_blocks.0.attn.to_qkv_mlp_proj"), "lora", "FLUX.2"),
    "sd3": Layout(kohya("joint_blocks_0_x_block_attn_qkv"), "lora", "Stable Diffusion 3"),
    "qwen-image": Layout(
        dotted("transformer_blocks.0.attn.add_k_proj", "transformer_blocks.0.img_mlp.net.2"), "lora", "Qwen-Image"
    ),
    "qwen-image 2.1": Layout(dotted("transformer_blocks.0.img_mlp.gate_up"), "lora", "Qwen-Image 2.1"),
    "z-image": Layout(dotted("layers.0.attention.to_q", prefix="diffusion_model.", columns=3840), "lora", "Z-Image"),
    "lumina 2": Layout(
        dotted("layers.0.attention.qkv", prefix="diffusion_model.", columns=2304, rows=3840), "lora", "Lumina 2"
    ),
    "krea 2": Layout(dotted("blocks.0.attn.wq", prefix="diffusion_model."), "lora", "Krea 2"),
    "anima": Layout(dotted("llm_adapter.blocks.0.cross_attn.q_proj", prefix="diffusion_model."), "lora", "Anima"),
    "hidream": Layout(dotted("double_stream_blocks.0.block.attn1.to_q"), "lora", "HiDream"),
    "loha": Layout(
        {
            "lycoris_double_blocks_0_img_attn_qkv.hada_w1_a": (W, 4),
            "lycoris_double_blocks_0_img_attn_qkv.hada_w1_b": (4, W),
        },
        "lora",
        "FLUX.1",
    ),
    "chroma by its metadata": Layout(
        kohya("double_blocks_0_img_attn_qkv"), "lora", "Chroma", "", {"ss_base_model_version": "chroma"}
    ),
    "nobody knows": Layout(kohya("something_else"), "lora", "", LORA),
}
EVERY = {
    f"{group}: {name}": layout
    for group, layouts in (
        ("network", NETWORKS),
        ("text", TEXT),
        ("vae", AUTOENCODERS),
        ("control", CONTROLS),
        ("lora", LORAS),
    )
    for name, layout in layouts.items()
}
