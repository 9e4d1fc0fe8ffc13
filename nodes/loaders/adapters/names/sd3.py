"""Stable Diffusion 3 and 3.5, as Stability AI names their layers."""

from nodes.loaders.adapters.names.flux import added_qkv, qkv
from nodes.loaders.adapters.names.renamed import RenamedRow, row

BLOCK = "transformer_blocks.#"
ROWS: tuple[RenamedRow, ...] = (
    row("joint_blocks.#.x_block.attn.qkv", *qkv(f"{BLOCK}.attn")),
    row("joint_blocks.#.x_block.attn2.qkv", *qkv(f"{BLOCK}.attn2")),
    row("joint_blocks.#.context_block.attn.qkv", *added_qkv(f"{BLOCK}.attn")),
    row("joint_blocks.#.x_block.attn.proj", f"{BLOCK}.attn.to_out.0"),
    row("joint_blocks.#.x_block.attn2.proj", f"{BLOCK}.attn2.to_out.0"),
    row("joint_blocks.#.context_block.attn.proj", f"{BLOCK}.attn.to_add_out"),
    row("joint_blocks.#.x_block.attn.ln_q", f"{BLOCK}.attn.norm_q"),
    row("joint_blocks.#.x_block.attn.ln_k", f"{BLOCK}.attn.norm_k"),
    row("joint_blocks.#.x_block.attn2.ln_q", f"{BLOCK}.attn2.norm_q"),
    row("joint_blocks.#.x_block.attn2.ln_k", f"{BLOCK}.attn2.norm_k"),
    row("joint_blocks.#.context_block.attn.ln_q", f"{BLOCK}.attn.norm_added_q"),
    row("joint_blocks.#.context_block.attn.ln_k", f"{BLOCK}.attn.norm_added_k"),
    row("joint_blocks.#.x_block.mlp.fc1", f"{BLOCK}.ff.net.0.proj"),
    row("joint_blocks.#.x_block.mlp.fc2", f"{BLOCK}.ff.net.2"),
    row("joint_blocks.#.context_block.mlp.fc1", f"{BLOCK}.ff_context.net.0.proj"),
    row("joint_blocks.#.context_block.mlp.fc2", f"{BLOCK}.ff_context.net.2"),
    row("joint_blocks.#.x_block.adaLN_modulation.1", f"{BLOCK}.norm1.linear"),
    row("joint_blocks.#.context_block.adaLN_modulation.1", f"{BLOCK}.norm1_context.linear", exchanged=True),
    row("x_embedder.proj", "pos_embed.proj"),
    row("t_embedder.mlp.0", "time_text_embed.timestep_embedder.linear_1"),
    row("t_embedder.mlp.2", "time_text_embed.timestep_embedder.linear_2"),
    row("y_embedder.mlp.0", "time_text_embed.text_embedder.linear_1"),
    row("y_embedder.mlp.2", "time_text_embed.text_embedder.linear_2"),
    row("final_layer.linear", "proj_out"),
    row("final_layer.adaLN_modulation.1", "norm_out.linear", exchanged=True),
)
