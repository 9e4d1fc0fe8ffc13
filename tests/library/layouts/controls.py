"""ControlNets and what else leads a network, embeddings, upscalers."""

from tests.library.layouts.shapes import CONTROL, CONTROLNET, HEAD, SD1, Layout, W, under

CONTROLS = {
    "controlnet original": Layout(
        under(
            "control_model.", {**SD1, "zero_convs.0.0.weight": (W, W, 1, 1), "input_hint_block.0.weight": (16, 3, 3, 3)}
        ),
        "controlnet",
        "Stable Diffusion 1",
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
        "nodes.load_controlnet",
    ),
    "t2i adapter": Layout(
        {"body.0.block1.weight": (W, W, 3, 3), "conv_in.weight": (W, 64, 3, 3)},
        "t2i adapter",
        "Stable Diffusion",
        "nodes.load_controlnet",
    ),
    "t2i adapter xl": Layout(
        {"adapter.body.0.resnets.0.block1.weight": (W, W, 3, 3), "adapter.conv_in.weight": (W, 768, 3, 3)},
        "t2i adapter",
        "Stable Diffusion XL",
        "nodes.load_controlnet",
    ),
    "ip adapter": Layout(
        {"image_proj.proj.weight": (W, W), "ip_adapter.1.to_k_ip.weight": (W, 768)},
        "ip adapter",
        "Stable Diffusion 1",
        "nodes.load_ip_adapter",
    ),
    "ip adapter xl": Layout(
        {"image_proj.latents": (1, 16, W), "ip_adapter.1.to_k_ip.weight": (W, 2048)},
        "ip adapter",
        "Stable Diffusion XL",
        "nodes.load_ip_adapter",
    ),
    "ip adapter of xlabs": Layout(
        {
            "ip_adapter_proj_model.proj.weight": (W, W),
            "double_blocks.0.processor.ip_adapter_double_stream_k_proj.weight": (W, W),
        },
        "ip adapter",
        "FLUX.1",
        "nodes.load_ip_adapter",
    ),
    "ip adapter for faces": Layout(
        {
            "image_proj.proj.0.weight": (W, 512),
            "ip_adapter.1.to_k_ip.weight": (W, 768),
            "ip_adapter.0.to_q_lora.down.weight": (W, W),
        },
        "ip adapter",
        "Stable Diffusion",
    ),
    "controlnet of sana": Layout(
        {"controlnet_blocks.0.weight": (W, W), "input_block.weight": (W, W), "patch_embed.proj.weight": (W, 32, 1, 1)},
        "controlnet",
        "Sana",
        "nodes.load_controlnet",
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
    "siglip 2's image encoder": Layout(
        {"vision_model.head.probe": (1, 1, 1152), "vision_model.embeddings.patch_embedding.weight": (1152, 768)},
        "clip vision",
        "SigLIP 2",
        "nodes.load_text_encoder",
    ),
    "lllite": Layout(
        {"lllite_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.down.0.weight": (W, W)},
        "lllite",
        "Stable Diffusion XL",
        "nodes.load_controlnet",
    ),
    "lllite of anima": Layout(
        {"lllite_conditioning1.0.weight": (W, 3, 4, 4), "lllite_dit_blocks_0_self_attn_q_proj.down.weight": (W, W)},
        "lllite",
        "Anima",
    ),
    "embedding": Layout({"emb_params": (2, 768)}, "embedding", "Stable Diffusion 1"),
    "embedding xl": Layout({"clip_l": (2, 768), "clip_g": (2, 1280)}, "embedding", "Stable Diffusion XL"),
    "hypernetwork": Layout({"768.0.linear.0.weight": (W, W)}, "hypernetwork", "Stable Diffusion"),
    "esrgan": Layout(
        {"conv_first.weight": (W, 3, 3, 3), "body.0.rdb1.conv1.weight": (W, W, 3, 3)},
        "upscaler",
        "ESRGAN",
        "nodes.load_upscaler",
    ),
}
