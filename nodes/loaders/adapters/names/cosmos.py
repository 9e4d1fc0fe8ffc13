"""Anima and Cosmos-Predict 2, as NVIDIA names their layers."""

from nodes.loaders.adapters.names.renamed import RenamedRow, row

BLOCK = "transformer_blocks.#"
ROWS: tuple[RenamedRow, ...] = (
    *(
        one
        for theirs, ours in (("self_attn", "attn1"), ("cross_attn", "attn2"))
        for one in (
            *(row(f"blocks.#.{theirs}.{letter}_proj", f"{BLOCK}.{ours}.to_{letter}") for letter in "qkv"),
            row(f"blocks.#.{theirs}.output_proj", f"{BLOCK}.{ours}.to_out.0"),
            row(f"blocks.#.{theirs}.q_norm", f"{BLOCK}.{ours}.norm_q"),
            row(f"blocks.#.{theirs}.k_norm", f"{BLOCK}.{ours}.norm_k"),
        )
    ),
    row("blocks.#.mlp.layer1", f"{BLOCK}.ff.net.0.proj"),
    row("blocks.#.mlp.layer2", f"{BLOCK}.ff.net.2"),
    *(
        row(f"blocks.#.adaln_modulation_{theirs}.{n}", f"{BLOCK}.norm{number}.linear_{n}")
        for number, theirs in enumerate(("self_attn", "cross_attn", "mlp"), 1)
        for n in (1, 2)
    ),
    row("x_embedder.proj.1", "patch_embed.proj"),
    row("t_embedder.1.linear_1", "time_embed.t_embedder.linear_1"),
    row("t_embedder.1.linear_2", "time_embed.t_embedder.linear_2"),
    row("final_layer.adaln_modulation.1", "norm_out.linear_1"),
    row("final_layer.adaln_modulation.2", "norm_out.linear_2"),
    row("final_layer.linear", "proj_out"),
    *(
        row(f"llm_adapter.{layer}", f"text_conditioner.{layer}")
        for layer in (
            *(f"blocks.#.{kind}_attn.{letter}_proj" for kind in ("self", "cross") for letter in "qkvo"),
            "blocks.#.mlp.0",
            "blocks.#.mlp.2",
            "embed",
            "in_proj",
            "out_proj",
        )
    ),
)
