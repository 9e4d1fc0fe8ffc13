"""Names of weights that Sana's makers use."""

from nodes.loaders.adapters.names.renamed import RenamedRow, row
from nodes.loaders.families.pixart_alpha.names import BLOCK, CROSS, THEIRS


def timed(theirs: str, ours: str) -> tuple[RenamedRow, ...]:
    """Two layers that read a number."""
    return tuple(row(f"{theirs}.mlp.{2 * layer}", f"{ours}.linear_{layer + 1}") for layer in (0, 1))


COMMON: tuple[RenamedRow, ...] = (
    *CROSS,
    row("x_embedder.proj", "patch_embed.proj"),
    row("t_block.1", "time_embed.linear"),
    row("attention_y_norm", "caption_norm"),
    *(
        row(f"{THEIRS}.mlp.{theirs}.conv", f"{BLOCK}.ff.conv_{ours}")
        for theirs, ours in (("inverted_conv", "inverted"), ("depth_conv", "depth"), ("point_conv", "point"))
    ),
    *(
        row(f"{THEIRS}.{theirs}.{letter}_norm", f"{BLOCK}.{ours}.norm_{letter}")
        for theirs, ours in (("attn", "attn1"), ("cross_attn", "attn2"))
        for letter in "qk"
    ),
)
ROWS = (*COMMON, *timed("t_embedder", "time_embed.emb.timestep_embedder"))
TOLD = (
    *COMMON,
    *timed("t_embedder", "time_embed.timestep_embedder"),
    *timed("cfg_embedder", "time_embed.guidance_embedder"),
)
"""Of a network that is told a guidance too."""
