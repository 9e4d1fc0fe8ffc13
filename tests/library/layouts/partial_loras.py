"""LoRAs for some layers of their models alone, at the models' true widths."""

from tests.library.layouts.shapes import Layout, Shapes, dotted, kohya

BLOCK, SINGLE = "transformer_blocks.7", "single_blocks.7"


def lora(tensors: Shapes, family: str, base: str = "") -> Layout:
    return Layout(tensors, "lora", family, "", {"ss_base_model_version": base} if base else {})


PARTIAL_LORAS = {
    "attention of qwen-image": lora(dotted(f"{BLOCK}.attn.to_q", columns=3072), "Qwen-Image"),
    "attention of qwen-image 2.1": lora(dotted(f"{BLOCK}.attn.to_q", columns=4096), "Qwen-Image 2.1"),
    "the last layer of a block of qwen-image 2.1": lora(dotted(f"{BLOCK}.img_mlp.out"), "Qwen-Image 2.1"),
    "attention of krea 2": lora(dotted(f"{BLOCK}.attn.to_q", columns=6144), "Krea 2"),
    "gates of krea 2": lora(dotted(f"{BLOCK}.attn.to_gate"), "Krea 2"),
    "mlp of krea 2": lora(dotted("blocks.7.mlp.gate", prefix="diffusion_model.", columns=6144), "Krea 2"),
    "attention of sd3": lora(dotted(f"{BLOCK}.attn.to_q", columns=1536), "Stable Diffusion 3"),
    "attention of a wide flux 2": lora(kohya("double_blocks_7_img_attn_proj", columns=4096), "FLUX.2"),
    "text attention of a wide flux 2": lora(kohya("double_blocks_7_txt_attn_qkv", columns=6144), "FLUX.2"),
    "single blocks of flux 2": lora(dotted(f"{SINGLE}.linear2", prefix="", columns=12288), "FLUX.2"),
    "double blocks of flux 2 as diffusers has them": lora(dotted(f"{BLOCK}.attn.add_k_proj", rows=4096), "FLUX.2"),
    "flux 2 by its metadata": lora(kohya("double_blocks_0_img_attn_qkv", columns=3072), "FLUX.2", "flux2_klein_4b"),
    "attention of flux 3": lora(dotted(f"{SINGLE}.k_proj", prefix="diffusion_model."), "FLUX.3"),
    "attention of flux 3 as diffusers has it": lora(
        dotted(*(f"single_transformer_blocks.0.attn.{name}" for name in ("to_q", "to_out.0"))), "FLUX.3"
    ),
    "late blocks of z-image": lora(dotted("layers.12.attention.to_q", columns=3840), "Z-Image"),
    "feed-forward of z-image": lora(kohya("layers_0_feed_forward_w1", columns=3840), "Z-Image"),
    "attention of lumina 2": lora(dotted("layers.7.attn.to_q", columns=2304), "Lumina 2"),
    "anima as diffusers has it": lora(
        dotted(f"{BLOCK}.attn1.to_q", columns=2048) | dotted(f"{BLOCK}.attn2.to_k", columns=1024),
        "Anima or Cosmos-Predict2",
    ),
    "attention of anima": lora(kohya("blocks_0_self_attn_q_proj", columns=2048), "Anima or Cosmos-Predict2"),
    "cogview 4": lora(dotted(f"{BLOCK}.attn1.to_q", columns=4096), ""),
    "feed-forward of xl": lora(dotted("input_blocks.7.1.transformer_blocks.9.ff.net.0.proj"), "Stable Diffusion XL"),
}
