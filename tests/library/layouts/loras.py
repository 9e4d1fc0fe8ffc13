"""LoRAs by their writers."""

from tests.library.layouts.shapes import LORA, Layout, W, dotted, kohya

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
