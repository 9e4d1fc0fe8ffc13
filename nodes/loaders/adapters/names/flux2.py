"""FLUX.2, as Black Forest Labs names its layers."""

from nodes.loaders.adapters.names.flux import ATTENTION, DOUBLE, SINGLE
from nodes.loaders.adapters.names.renamed import RenamedRow, row

ROWS: tuple[RenamedRow, ...] = (
    *ATTENTION,
    row("double_blocks.#.img_mlp.0", f"{DOUBLE}.ff.linear_in"),
    row("double_blocks.#.img_mlp.2", f"{DOUBLE}.ff.linear_out"),
    row("double_blocks.#.txt_mlp.0", f"{DOUBLE}.ff_context.linear_in"),
    row("double_blocks.#.txt_mlp.2", f"{DOUBLE}.ff_context.linear_out"),
    row("single_blocks.#.linear1", f"{SINGLE}.attn.to_qkv_mlp_proj"),
    row("single_blocks.#.linear2", f"{SINGLE}.attn.to_out"),
    row("double_stream_modulation_img.lin", "double_stream_modulation_img.linear"),
    row("double_stream_modulation_txt.lin", "double_stream_modulation_txt.linear"),
    row("single_stream_modulation.lin", "single_stream_modulation.linear"),
    row("img_in", "x_embedder"),
    row("txt_in", "context_embedder"),
    row("time_in.in_layer", "time_guidance_embed.timestep_embedder.linear_1"),
    row("time_in.out_layer", "time_guidance_embed.timestep_embedder.linear_2"),
    row("guidance_in.in_layer", "time_guidance_embed.guidance_embedder.linear_1"),
    row("guidance_in.out_layer", "time_guidance_embed.guidance_embedder.linear_2"),
    row("final_layer.linear", "proj_out"),
    row("final_layer.adaLN_modulation.1", "norm_out.linear", exchanged=True),
)
