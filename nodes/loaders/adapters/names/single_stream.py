"""Z-Image and Lumina 2, as their makers name their layers."""

from nodes.loaders.adapters.names.flux import qkv
from nodes.loaders.adapters.names.renamed import RenamedRow, row

STACKS = ("layers", "noise_refiner", "context_refiner")
Z_IMAGE: tuple[RenamedRow, ...] = (
    *(
        one
        for stack in STACKS
        for one in (
            row(f"{stack}.#.attention.qkv", *qkv(f"{stack}.#.attention")),
            row(f"{stack}.#.attention.out", f"{stack}.#.attention.to_out.0"),
            row(f"{stack}.#.attention.q_norm", f"{stack}.#.attention.norm_q"),
            row(f"{stack}.#.attention.k_norm", f"{stack}.#.attention.norm_k"),
        )
    ),
    row("x_embedder", "all_x_embedder.2-1"),
    row("final_layer.linear", "all_final_layer.2-1.linear"),
    row("final_layer.adaLN_modulation.1", "all_final_layer.2-1.adaLN_modulation.1"),
)
LUMINA: tuple[RenamedRow, ...] = (
    *(
        one
        for stack in STACKS
        for one in (
            row(f"{stack}.#.attention.qkv", *qkv(f"{stack}.#.attn")),
            row(f"{stack}.#.attention.out", f"{stack}.#.attn.to_out.0"),
            row(f"{stack}.#.attention.q_norm", f"{stack}.#.attn.norm_q"),
            row(f"{stack}.#.attention.k_norm", f"{stack}.#.attn.norm_k"),
            *(row(f"{stack}.#.feed_forward.w{n}", f"{stack}.#.feed_forward.linear_{n}") for n in (1, 2, 3)),
            row(f"{stack}.#.adaLN_modulation.1", f"{stack}.#.norm1.linear"),
        )
    ),
    row("t_embedder.mlp.0", "time_caption_embed.timestep_embedder.linear_1"),
    row("t_embedder.mlp.2", "time_caption_embed.timestep_embedder.linear_2"),
    row("cap_embedder.0", "time_caption_embed.caption_embedder.0"),
    row("cap_embedder.1", "time_caption_embed.caption_embedder.1"),
    row("final_layer.adaLN_modulation.1", "norm_out.linear_1"),
    row("final_layer.linear", "norm_out.linear_2"),
)
