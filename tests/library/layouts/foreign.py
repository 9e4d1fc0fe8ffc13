"""Files that look like those of a family and are none, that no node takes, or that a trainer names in its own way.

Names as their authors and ComfyUI's detection have them; those of films and sounds as diffusers' classes do.
"""

from tests.library.layouts.shapes import (
    CONTROLNET,
    IN_ONE,
    LATENT,
    LOAD_VAE,
    LORA,
    OPEN_CLIP,
    SD2,
    VAE,
    Layout,
    Shapes,
    W,
    dotted,
    kohya,
    under,
)

UPSCALER = "nodes.load_upscaler"


def shaped(*lines: str) -> Shapes:
    """Tensors by lines: a name, and its lengths; a vector where none stand there."""
    parts = [line.split() for line in lines]
    return {name: tuple(map(int, lengths)) or (W,) for name, *lengths in parts}


def whole(network: Shapes) -> Shapes:
    """A file as Stable Diffusion 2 has them, with VAE and text encoder."""
    return under(IN_ONE, network) | under("first_stage_model.", VAE) | under("cond_stage_model.model.", OPEN_CLIP)


def control(words: int, prefix: str = "") -> Shapes:
    """A ControlNet of Stable Diffusion in the original layout."""
    to_k = f"{prefix}input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight {W} {words}"
    return shaped(f"{prefix}zero_convs.0.0.weight {W} {W} 1 1", to_k, f"{prefix}input_blocks.0.0.weight {W} 4 3 3")


FLUX_WORDS = "transformer_blocks.0.ff_context.net.2"
VARIANTS = {
    "stable unclip": Layout(
        whole({**SD2, "label_emb.0.0.weight": (W, 2048)})
        | shaped("noise_augmentor.data_mean 1 1024", f"embedder.model.visual.conv1.weight {W} 3 14 14"),
        "checkpoint",
        "Stable unCLIP",
        "nodes.load_model",
    ),
    "stable unclip's network": Layout(
        {**SD2, "label_emb.0.0.weight": (W, 2048)}, "unet", "Stable unCLIP", "nodes.load_diffusion_model"
    ),
    "stable unclip's network, diffusers": Layout(
        shaped(
            f"conv_in.weight {W} 4 3 3",
            f"time_embedding.linear_1.weight {W} {W}",
            f"class_embedding.linear_1.weight {W} 2048",
            f"down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight {W} 1024",
        ),
        "unet",
        "Stable unCLIP",
        "nodes.load_diffusion_model",
    ),
    "x4 upscaler": Layout(
        whole({**SD2, "input_blocks.0.0.weight": (W, 7, 3, 3), "label_emb.weight": (1000, W)}),
        "checkpoint",
        "the upscaler of Stable Diffusion (x4)",
    ),
    "zero123": Layout({**under(IN_ONE, SD2), "cc_projection.weight": (768, 772)}, "unet", "Zero123"),
    "kolors": Layout(
        shaped(
            f"conv_in.weight {W} 4 3 3",
            f"time_embedding.linear_1.weight {W} {W}",
            f"add_embedding.linear_1.weight {W} 5632",
            f"encoder_hid_proj.weight {W} 4096",
        ),
        "unet",
        "Kolors",
        "nodes.load_diffusion_model",
    ),
    "chatglm 3": Layout(
        shaped(
            f"embedding.word_embeddings.weight 65024 {W}",
            f"encoder.layers.0.self_attention.query_key_value.weight {W} {W}",
        ),
        "text encoder",
        "ChatGLM 3",
        "nodes.load_text_encoder",
    ),
    "glm image's planner": Layout(
        shaped(
            f"model.vqmodel.quantize.embedding.weight {W} {W}",
            f"model.language_model.embed_tokens.weight {W} {W}",
            f"lm_head.weight {W} {W}",
        ),
        "text encoder",
        "GLM-Image's planner",
        "nodes.load_text_encoder",
    ),
    "vae of cogview 4 and glm image": Layout(
        shaped("decoder.conv_in.weight 8 16 3 3", "decoder.mid_block.resnets.0.norm1.weight 8"),
        "vae",
        "CogView 4 or GLM-Image",
        "nodes.load_vae",
    ),
    "xl refiner's U-Net": Layout(
        shaped(f"input_blocks.0.0.weight {W} 4 3 3", f"time_embed.0.weight {W} {W}", f"label_emb.0.0.weight {W} 2560"),
        "unet",
        "Stable Diffusion XL's refiner",
        "nodes.load_diffusion_model",
    ),
    "sd2 for inpainting": Layout(
        whole({**SD2, "input_blocks.0.0.weight": (W, 9, 3, 3)}), "checkpoint", "Stable Diffusion 2", LATENT
    ),
    "newbie": Layout(
        shaped(
            f"cap_embedder.1.weight {W} 2560",
            "noise_refiner.0.attention.k_norm.weight",
            "clip_text_pooled_proj.0.weight 1024",
        ),
        "transformer",
        "NewBie",
    ),
    "omnigen": Layout(shaped(f"llm.layers.0.mlp.gate_up_proj.weight {W} {W}"), "transformer", "OmniGen"),
    "wan 2.2 vae": Layout(
        shaped(
            f"decoder.middle.0.residual.0.gamma {W} 1 1 1",
            f"decoder.upsamples.0.upsamples.0.residual.2.weight {W} {W} 3 3 3",
            f"encoder.conv1.weight {W} 12 3 3 3",
        ),
        "vae",
        "Wan 2.2",
    ),
    "kandinsky's vae": Layout(
        shaped(
            f"encoder.conv_in.weight {W} 3 3 3", f"decoder.conv_in.weight {W} 16 3 3", "decoder.norm_out.conv_b.weight"
        ),
        "vae",
        "Kandinsky",
    ),
    "small vae of films": Layout(
        shaped("encoder.0.weight 64 3 3 3", "decoder.1.weight 256 16 3 3", "decoder.3.conv.0.weight 256 512 3 3"),
        "small vae",
        "films",
    ),
    "cosmos's vae": Layout(shaped("encoder.unpatcher3d.wavelets 2"), "vae", "Cosmos"),
    "hunyuan video 1.5": Layout(
        shaped(
            "context_embedder.token_refiner.refiner_blocks.0.norm1.weight", f"image_embedder.linear_1.weight {W} {W}"
        )
        | shaped(f"context_embedder_2.linear_3.weight {W} {W}", f"x_embedder.proj.weight {W} 65 1 1 1"),
        "transformer",
        "HunyuanVideo 1.5",
    ),
    "sound": Layout(shaped(f"encoder.layers.0.weight_g {W} 1 1"), "vae", "sound"),
    "stable audio": Layout(shaped(f"model.model.to_timestep_embed.0.weight {W} {W}"), "other", "Stable Audio"),
    "whisper": Layout(
        shaped(
            f"model.encoder.conv1.weight {W} 80 3",
            f"model.encoder.embed_positions.weight 1500 {W}",
            f"model.decoder.embed_tokens.weight 51865 {W}",
        ),
        "other",
        "Whisper",
    ),
    "photomaker": Layout(
        shaped(f"id_encoder.visual_projection_2.weight {W} {W}")
        | dotted("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q", prefix="lora_weights."),
        "model patch",
        "PhotoMaker",
    ),
    "supir": Layout(
        under("model.control_model.", control(768))
        | shaped(f"model.diffusion_model.project_modules.0.conv.weight {W} {W} 1 1"),
        "model patch",
        "SUPIR",
    ),
    "chatglm": Layout(
        shaped(f"transformer.encoder.layers.0.self_attention.query_key_value.weight {W} {W}"),
        "text encoder",
        "ChatGLM 3",
    ),
    "umt5 of wan": Layout(
        shaped(f"token_embedding.weight 256384 {W}", f"blocks.0.pos_embedding.embedding.weight 32 {W}"),
        "text encoder",
        "UMT5-XXL",
    ),
    "esrgan in params_ema": Layout(
        shaped(f"params_ema.conv_first.weight {W} 3 3 3", f"params_ema.body.0.rdb1.conv1.weight {W} {W} 3 3"),
        "upscaler",
        "ESRGAN",
        UPSCALER,
    ),
    "lama": Layout(shaped(f"generator.model.1.ffc.convl2l.weight {W} 4 7 7"), "other", "LaMa"),
    "embedding of a token": Layout({"<cat>": (768,)}, "embedding", "Stable Diffusion"),
    "embedding sd2": Layout({"emb_params": (2, 1024)}, "embedding", "Stable Diffusion 2"),
    "plain vae": Layout(VAE, "vae", "Stable Diffusion 1, 2 or XL", LOAD_VAE),
}
CONTROL_FAMILIES = {
    "sd1": Layout(control(768), "controlnet", "Stable Diffusion 1", CONTROLNET),
    "sd1 in a file of its own": Layout(control(768, "control_model."), "controlnet", "Stable Diffusion 1", CONTROLNET),
    "sd2": Layout(control(1024), "controlnet", "Stable Diffusion 2", CONTROLNET),
    "xl": Layout(
        shaped(f"zero_convs.0.0.weight {W} {W} 1 1", f"label_emb.0.0.weight {W} 2816"),
        "controlnet",
        "Stable Diffusion XL",
        CONTROLNET,
    ),
    "difference": Layout({**control(768, "control_model."), "difference": ()}, "controlnet", "Stable Diffusion 1"),
}
OTHER_LORAS = {
    "text of sd1": Layout(
        kohya("text_model_encoder_layers_0_self_attn_q_proj", prefix="lora_te_", columns=768),
        "lora",
        "Stable Diffusion 1",
        LORA,
    ),
    "text of sd2": Layout(
        kohya("text_model_encoder_layers_0_self_attn_q_proj", prefix="lora_te_", columns=1024),
        "lora",
        "Stable Diffusion 2",
        LORA,
    ),
    "processors of xl": Layout(
        shaped("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.down.weight 4 2048"),
        "lora",
        "Stable Diffusion XL",
        LORA,
    ),
    "flux without single blocks": Layout(
        dotted(FLUX_WORDS, "transformer_blocks.0.attn.add_k_proj", rows=3072), "lora", "FLUX.1", LORA
    ),
    "sd3's attention": Layout(dotted("transformer_blocks.0.attn.add_k_proj", rows=1536), "lora", "Stable Diffusion 3"),
    "auraflow": Layout(
        dotted("joint_transformer_blocks.0.attn.add_k_proj", "single_transformer_blocks.0.attn.to_q"),
        "lora",
        "AuraFlow",
    ),
    "hunyuan image": Layout(
        kohya("double_blocks_0_img_attn_qkv", prefix="lora_unet_", columns=3584), "lora", "HunyuanImage"
    ),
    "single blocks of hunyuan image": Layout(
        kohya("single_blocks_0_linear1", prefix="lora_unet_", columns=3584), "lora", "HunyuanImage"
    ),
    "hunyuan dit": Layout(dotted("blocks.0.attn1.Wqkv", prefix="base_model.model."), "lora", "Hunyuan-DiT"),
    "hunyuan dit as diffusers has it": Layout(dotted("blocks.0.attn1.to_q", columns=1408), "lora", "Hunyuan-DiT"),
    "fibo 2": Layout(dotted("perceiver.layers.0.cross_attention.to_q"), "lora", "Fibo 2.0"),
    "pixart": Layout(dotted("transformer_blocks.0.attn1.to_q", columns=1152), "lora", "PixArt"),
    "motion": Layout(
        dotted("down_blocks.0.motion_modules.0.temporal_transformer.proj_in", prefix=""),
        "lora",
        "AnimateDiff (videos)",
    ),
    "wan": Layout(dotted("blocks.0.self_attn.q", prefix="diffusion_model."), "lora", "Wan (videos)"),
    "wan as diffusers has it": Layout(dotted("blocks.0.ffn.net.0.proj"), "lora", "Wan (videos)"),
    "ltx": Layout(
        dotted("transformer_blocks.0.attn1.to_q", "transformer_blocks.0.attn2.to_k", columns=2048),
        "lora",
        "LTX-Video (videos)",
    ),
    "sound": Layout(dotted("lyric_encoder.encoders.0.self_attn.linear_q", prefix=""), "lora", "ACE-Step (sound)"),
}
