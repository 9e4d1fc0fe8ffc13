"""FLUX.3, as Black Forest Labs names its layers."""

from nodes.loaders.adapters.names.renamed import RenamedRow, row

STACKS = {
    "content_mode_blocks.image": "mode_blocks.image",
    "content_mode_blocks.image_cond": "mode_blocks.image_cond",
    "txt_mode_blocks": "txt_mode_blocks",
    "single_blocks": "single_transformer_blocks",
}
MODES = ("image", "image_cond", "txt")
ROWS: tuple[RenamedRow, ...] = (
    *(
        one
        for theirs, ours in STACKS.items()
        for one in (
            *(row(f"{theirs}.#.{letter}_proj", f"{ours}.#.attn.to_{letter}") for letter in "qkv"),
            row(f"{theirs}.#.attn_out", f"{ours}.#.attn.to_out.0"),
            row(f"{theirs}.#.norm.query_norm", f"{ours}.#.attn.norm_q"),
            row(f"{theirs}.#.norm.key_norm", f"{ours}.#.attn.norm_k"),
            row(f"{theirs}.#.mlp_in", f"{ours}.#.ff.linear_in"),
            row(f"{theirs}.#.mlp_out", f"{ours}.#.ff.linear_out"),
        )
    ),
    *(
        row(f"{place}_stream_modulations.{mode}.lin", f"{place}_stream_modulations.{mode}.linear")
        for place in ("early", "single")
        for mode in MODES
    ),
    row("emb_in.image", "x_embedders.image"),
    row("emb_in.image_cond", "x_embedders.image_cond"),
    row("txt_in", "context_embedder"),
    row("time_in.in_layer", "timestep_embedder.linear_1"),
    row("time_in.out_layer", "timestep_embedder.linear_2"),
    row("ref_time_in.in_layer", "target_timestep_embedder.linear_1"),
    row("ref_time_in.out_layer", "target_timestep_embedder.linear_2"),
    row("final_layer.image.linear", "proj_out"),
    row("final_layer.image.adaLN_modulation.1", "norm_out.linear", exchanged=True),
)
