"""Names of weights that Hunyuan-DiT's makers use, and ComfyUI after them."""

from nodes.loaders.adapters.names.renamed import RenamedRow, row

BLOCK, TOLD = "blocks.#", "time_extra_emb"
ROWS: tuple[RenamedRow, ...] = (
    row(f"{BLOCK}.attn1.Wqkv", *(f"{BLOCK}.attn1.to_{letter}" for letter in "qkv")),
    row(f"{BLOCK}.attn2.q_proj", f"{BLOCK}.attn2.to_q"),
    row(f"{BLOCK}.attn2.kv_proj", *(f"{BLOCK}.attn2.to_{letter}" for letter in "kv")),
    *(row(f"{BLOCK}.{attention}.out_proj", f"{BLOCK}.{attention}.to_out.0") for attention in ("attn1", "attn2")),
    *(
        row(f"{BLOCK}.{attention}.{letter}_norm", f"{BLOCK}.{attention}.norm_{letter}")
        for attention in ("attn1", "attn2")
        for letter in "qk"
    ),
    row(f"{BLOCK}.default_modulation.1", f"{BLOCK}.norm1.linear"),
    row(f"{BLOCK}.norm1", f"{BLOCK}.norm1.norm"),
    row(f"{BLOCK}.norm2", f"{BLOCK}.norm3"),
    row(f"{BLOCK}.norm3", f"{BLOCK}.norm2"),
    row(f"{BLOCK}.mlp.fc1", f"{BLOCK}.ff.net.0.proj"),
    row(f"{BLOCK}.mlp.fc2", f"{BLOCK}.ff.net.2"),
    *(row(f"pooler.{letter}_proj", f"{TOLD}.pooler.{letter}_proj") for letter in "qkvc"),
    row("pooler", f"{TOLD}.pooler"),
    row("style_embedder", f"{TOLD}.style_embedder"),
    *(row(f"t_embedder.mlp.{2 * layer}", f"{TOLD}.timestep_embedder.linear_{layer + 1}") for layer in (0, 1)),
    *(row(f"extra_embedder.{2 * layer}", f"{TOLD}.extra_embedder.linear_{layer + 1}") for layer in (0, 1)),
    *(row(f"mlp_t5.{2 * layer}", f"text_embedder.linear_{layer + 1}") for layer in (0, 1)),
    row("x_embedder.proj", "pos_embed.proj"),
    row("final_layer.adaLN_modulation.1", "norm_out.linear", exchanged=True),
    row("final_layer.linear", "proj_out"),
)
