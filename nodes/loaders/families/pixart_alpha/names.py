"""Names of weights that PixArt's makers use, and Sana's after them."""

from nodes.loaders.adapters.names.renamed import RenamedRow, row

BLOCK, THEIRS = "transformer_blocks.#", "blocks.#"
TIMED = "adaln_single.emb"
CROSS: tuple[RenamedRow, ...] = (
    row(THEIRS, BLOCK),
    row(f"{THEIRS}.attn.qkv", *(f"{BLOCK}.attn1.to_{letter}" for letter in "qkv")),
    row(f"{THEIRS}.attn.proj", f"{BLOCK}.attn1.to_out.0"),
    row(f"{THEIRS}.cross_attn.q_linear", f"{BLOCK}.attn2.to_q"),
    row(f"{THEIRS}.cross_attn.kv_linear", *(f"{BLOCK}.attn2.to_{letter}" for letter in "kv")),
    row(f"{THEIRS}.cross_attn.proj", f"{BLOCK}.attn2.to_out.0"),
    row("y_embedder.y_proj.fc1", "caption_projection.linear_1"),
    row("y_embedder.y_proj.fc2", "caption_projection.linear_2"),
    row("final_layer.linear", "proj_out"),
    row("final_layer", ""),
)
"""What both have. The first and the last are tables of shifts and scales."""
ROWS: tuple[RenamedRow, ...] = (
    *CROSS,
    row("x_embedder.proj", "pos_embed.proj"),
    row("t_block.1", "adaln_single.linear"),
    *(
        row(f"{theirs}.mlp.{2 * layer}", f"{TIMED}.{ours}_embedder.linear_{layer + 1}")
        for theirs, ours in (
            ("t_embedder", "timestep"),
            ("csize_embedder", "resolution"),
            ("ar_embedder", "aspect_ratio"),
        )
        for layer in (0, 1)
    ),
    row(f"{THEIRS}.mlp.fc1", f"{BLOCK}.ff.net.0.proj"),
    row(f"{THEIRS}.mlp.fc2", f"{BLOCK}.ff.net.2"),
)
IGNORABLE = (r"pos_embed$", r"y_embedder\.y_embedding$")
"""Positions, which are computed, and what training put in place of left out texts."""
