"""Krea 2, as Krea names its layers."""

from nodes.loaders.adapters.names.renamed import RenamedRow, row

STACKS = {
    "blocks": "transformer_blocks",
    "txtfusion.layerwise_blocks": "text_fusion.layerwise_blocks",
    "txtfusion.refiner_blocks": "text_fusion.refiner_blocks",
}
ROWS: tuple[RenamedRow, ...] = (
    *(
        one
        for theirs, ours in STACKS.items()
        for one in (
            row(f"{theirs}.#.attn.wq", f"{ours}.#.attn.to_q"),
            row(f"{theirs}.#.attn.wk", f"{ours}.#.attn.to_k"),
            row(f"{theirs}.#.attn.wv", f"{ours}.#.attn.to_v"),
            row(f"{theirs}.#.attn.wo", f"{ours}.#.attn.to_out.0"),
            row(f"{theirs}.#.attn.gate", f"{ours}.#.attn.to_gate"),
            *(row(f"{theirs}.#.mlp.{name}", f"{ours}.#.ff.{name}") for name in ("gate", "up", "down")),
        )
    ),
    row("first", "img_in"),
    row("last.linear", "final_layer.linear"),
    row("tmlp.0", "time_embed.linear_1"),
    row("tmlp.2", "time_embed.linear_2"),
    row("tproj.1", "time_mod_proj"),
    row("txtmlp.1", "txt_in.linear_1"),
    row("txtmlp.3", "txt_in.linear_2"),
    row("txtfusion.projector", "text_fusion.projector"),
)
