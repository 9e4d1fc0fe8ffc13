"""AuraFlow, as fal names its layers."""

from nodes.loaders.adapters.names.renamed import RenamedRow, row

DOUBLE, SINGLE = "joint_transformer_blocks.#", "single_transformer_blocks.#"
FEED = {"c_fc1": "linear_1", "c_fc2": "linear_2", "c_proj": "out_projection"}
ROWS: tuple[RenamedRow, ...] = (
    *(row(f"double_layers.#.attn.w2{letter}", f"{DOUBLE}.attn.to_{letter}") for letter in "qkv"),
    *(row(f"double_layers.#.attn.w1{letter}", f"{DOUBLE}.attn.add_{letter}_proj") for letter in "qkv"),
    *(row(f"single_layers.#.attn.w1{letter}", f"{SINGLE}.attn.to_{letter}") for letter in "qkv"),
    row("double_layers.#.attn.w2o", f"{DOUBLE}.attn.to_out.0"),
    row("double_layers.#.attn.w1o", f"{DOUBLE}.attn.to_add_out"),
    row("single_layers.#.attn.w1o", f"{SINGLE}.attn.to_out.0"),
    *(row(f"double_layers.#.mlpX.{theirs}", f"{DOUBLE}.ff.{ours}") for theirs, ours in FEED.items()),
    *(row(f"double_layers.#.mlpC.{theirs}", f"{DOUBLE}.ff_context.{ours}") for theirs, ours in FEED.items()),
    *(row(f"single_layers.#.mlp.{theirs}", f"{SINGLE}.ff.{ours}") for theirs, ours in FEED.items()),
    row("double_layers.#.modX.1", f"{DOUBLE}.norm1.linear"),
    row("double_layers.#.modC.1", f"{DOUBLE}.norm1_context.linear"),
    row("single_layers.#.modCX.1", f"{SINGLE}.norm1.linear"),
    row("t_embedder.mlp.0", "time_step_proj.linear_1"),
    row("t_embedder.mlp.2", "time_step_proj.linear_2"),
    row("cond_seq_linear", "context_embedder"),
    row("init_x_linear", "pos_embed.proj"),
    row("final_linear", "proj_out"),
    row("modF.1", "norm_out.linear", exchanged=True),
)
