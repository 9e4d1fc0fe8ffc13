"""FLUX.1 and what has its blocks, as Black Forest Labs and XLabs name their layers."""

from nodes.loaders.adapters.names.renamed import RenamedRow, row

DOUBLE, SINGLE = "transformer_blocks.#", "single_transformer_blocks.#"


def qkv(attention: str) -> tuple[str, ...]:
    return tuple(f"{attention}.to_{letter}" for letter in "qkv")


def added_qkv(attention: str) -> tuple[str, ...]:
    return tuple(f"{attention}.add_{letter}_proj" for letter in "qkv")


ATTENTION: tuple[RenamedRow, ...] = (
    row("double_blocks.#.img_attn.qkv", *qkv(f"{DOUBLE}.attn")),
    row("double_blocks.#.txt_attn.qkv", *added_qkv(f"{DOUBLE}.attn")),
    row("double_blocks.#.img_attn.proj", f"{DOUBLE}.attn.to_out.0"),
    row("double_blocks.#.txt_attn.proj", f"{DOUBLE}.attn.to_add_out"),
    row("double_blocks.#.img_attn.norm.query_norm", f"{DOUBLE}.attn.norm_q"),
    row("double_blocks.#.img_attn.norm.key_norm", f"{DOUBLE}.attn.norm_k"),
    row("double_blocks.#.txt_attn.norm.query_norm", f"{DOUBLE}.attn.norm_added_q"),
    row("double_blocks.#.txt_attn.norm.key_norm", f"{DOUBLE}.attn.norm_added_k"),
    row("single_blocks.#.norm.query_norm", f"{SINGLE}.attn.norm_q"),
    row("single_blocks.#.norm.key_norm", f"{SINGLE}.attn.norm_k"),
    row("double_blocks.#.processor.qkv_lora1", *qkv(f"{DOUBLE}.attn")),
    row("double_blocks.#.processor.qkv_lora2", *added_qkv(f"{DOUBLE}.attn")),
    row("double_blocks.#.processor.proj_lora1", f"{DOUBLE}.attn.to_out.0"),
    row("double_blocks.#.processor.proj_lora2", f"{DOUBLE}.attn.to_add_out"),
)
"""What FLUX.2 has too."""
ROWS: tuple[RenamedRow, ...] = (
    *ATTENTION,
    row("double_blocks.#.img_mlp.0", f"{DOUBLE}.ff.net.0.proj"),
    row("double_blocks.#.img_mlp.2", f"{DOUBLE}.ff.net.2"),
    row("double_blocks.#.txt_mlp.0", f"{DOUBLE}.ff_context.net.0.proj"),
    row("double_blocks.#.txt_mlp.2", f"{DOUBLE}.ff_context.net.2"),
    row("double_blocks.#.img_mod.lin", f"{DOUBLE}.norm1.linear"),
    row("double_blocks.#.txt_mod.lin", f"{DOUBLE}.norm1_context.linear"),
    row("single_blocks.#.linear1", *qkv(f"{SINGLE}.attn"), f"{SINGLE}.proj_mlp"),
    row("single_blocks.#.linear2", f"{SINGLE}.proj_out"),
    row("single_blocks.#.modulation.lin", f"{SINGLE}.norm.linear"),
    row("single_blocks.#.processor.qkv", *qkv(f"{SINGLE}.attn")),
    row("single_blocks.#.processor.proj", f"{SINGLE}.proj_out"),
    row("img_in", "x_embedder"),
    row("txt_in", "context_embedder"),
    row("time_in.in_layer", "time_text_embed.timestep_embedder.linear_1"),
    row("time_in.out_layer", "time_text_embed.timestep_embedder.linear_2"),
    row("vector_in.in_layer", "time_text_embed.text_embedder.linear_1"),
    row("vector_in.out_layer", "time_text_embed.text_embedder.linear_2"),
    row("guidance_in.in_layer", "time_text_embed.guidance_embedder.linear_1"),
    row("guidance_in.out_layer", "time_text_embed.guidance_embedder.linear_2"),
    row("final_layer.linear", "proj_out"),
    row("final_layer.adaLN_modulation.1", "norm_out.linear", exchanged=True),
)
CHROMA: tuple[RenamedRow, ...] = (
    *ROWS,
    row("distilled_guidance_layer.layers.#.in_layer", "distilled_guidance_layer.layers.#.linear_1"),
    row("distilled_guidance_layer.layers.#.out_layer", "distilled_guidance_layer.layers.#.linear_2"),
)
UNTIMED = tuple(one for one in ROWS if not one.original.startswith("time_in"))
LONGCAT: tuple[RenamedRow, ...] = (
    row("time_in.in_layer", "time_embed.timestep_embedder.linear_1"),
    row("time_in.out_layer", "time_embed.timestep_embedder.linear_2"),
    *UNTIMED,
)
OVIS: tuple[RenamedRow, ...] = (
    row("time_in.in_layer", "timestep_embedder.linear_1"),
    row("time_in.out_layer", "timestep_embedder.linear_2"),
    row("txt_norm", "context_embedder_norm"),
    row("double_blocks.#.img_mlp.down_proj", f"{DOUBLE}.ff.net.2"),
    row("double_blocks.#.txt_mlp.down_proj", f"{DOUBLE}.ff_context.net.2"),
    *UNTIMED,
)
"""LongCat-Image and Ovis-Image, whose blocks are those of FLUX.1."""
