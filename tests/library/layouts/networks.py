"""Transformers and U-Nets, alone and with other parts in one file."""

from tests.library.layouts.shapes import (
    ALONE,
    BILINGUAL_CLIP,
    CHROMA,
    CLIP,
    CLIP_G,
    FLUX,
    FLUX_2,
    HUNYUAN_DIT,
    IN_ONE,
    LATENT,
    MT5,
    OPEN_CLIP,
    PIXART,
    QWEN,
    QWEN_21,
    SANA,
    SD1,
    SD2,
    T5,
    VAE,
    WHOLE,
    XL,
    Z_IMAGE,
    Layout,
    W,
    under,
)

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
        {**QWEN, "time_text_embed.addition_t_embedding.weight": (2, W)}, "transformer", "Qwen-Image-Layered", ALONE
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
        ALONE,
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
    "hunyuan dit": Layout(HUNYUAN_DIT, "transformer", "Hunyuan-DiT", ALONE),
    "hunyuan dit whole": Layout(  # comfyanonymous/hunyuan_dit_comfyui, by the names that ComfyUI's classes have
        under("model.", HUNYUAN_DIT)
        | under("vae.", VAE)
        | under("text_encoders.hydit_clip.transformer.bert.", BILINGUAL_CLIP)
        | under("text_encoders.mt5xl.transformer.", MT5)
        | {"text_encoders.mt5xl.spiece_model": (4309802,)},
        "checkpoint",
        "Hunyuan-DiT",
        WHOLE,
    ),
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
    "glm image": Layout(
        {"prior_token_embedding.weight": (W, W), "glyph_projector.net.2.bias": (W,)}, "transformer", "GLM-Image", ALONE
    ),
    "hunyuan image as its makers have it": Layout(
        {
            "img_in.proj.weight": (W, 64, 1, 1),
            "txt_in.individual_token_refiner.blocks.0.norm1.weight": (W,),
            "byt5_in.fc1.weight": (2048, 1472),
            "double_blocks.0.img_attn_qkv.weight": (3 * W, W),
        },
        "transformer",
        "HunyuanImage",
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
    "z-image-omni": Layout(
        {"siglip_embedder.0.weight": (1152,), "cap_embedder.1.weight": (W, 2560), "x_pad_token": (1, W)},
        "transformer",
        "Z-Image-Omni",
        ALONE,
    ),
    "ideogram 4": Layout({"embed_image_indicator.weight": (2, W)}, "transformer", "Ideogram 4", ALONE),
    "fibo": Layout(
        {"single_transformer_blocks.0.proj_mlp.weight": (W, W), "caption_projection.0.linear.weight": (W, W)},
        "transformer",
        "Fibo",
        ALONE,
    ),
    "fibo 2": Layout(
        {"perceiver.latent_queries": (512, W), "noise_refiner.0.attention.to_q.weight": (W, W)},
        "transformer",
        "Fibo 2.0",
        ALONE,
    ),
    "prx": Layout(
        {
            "time_in.in_layer.weight": (W, 256),
            "img_in.weight": (W, 64),
            "blocks.0.attention.img_qkv_proj.weight": (W, W),
        },
        "transformer",
        "PRX",
        ALONE,
    ),
    "prx of deep compression": Layout(
        {
            "time_in.in_layer.weight": (W, 256),
            "img_in.weight": (W, 32),
            "blocks.0.attention.img_qkv_proj.weight": (W, W),
        },
        "transformer",
        "PRX DC-AE",
        ALONE,
    ),
    "omnigen 2": Layout(
        {"time_caption_embed.timestep_embedder.linear_1.bias": (W,), "ref_image_patch_embedder.weight": (W, 64)},
        "transformer",
        "OmniGen2",
    ),
    "stable cascade c": Layout(
        {"clf.1.weight": (16, W, 1, 1), "clip_txt_mapper.weight": (W, W)}, "unet", "Stable Cascade", ALONE
    ),
    "stable cascade b": Layout(
        {"clf.1.weight": (16, W, 1, 1), "effnet_mapper.0.weight": (W, 16, 1, 1)}, "unet", "Stable Cascade B", ALONE
    ),
}
