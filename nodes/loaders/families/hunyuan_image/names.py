"""Names of layers that HunyuanImage's makers use, kohya's trainer after them, and ComfyUI in its own words."""

from nodes.loaders.adapters.names.flux import added_qkv, qkv
from nodes.loaders.adapters.names.renamed import RenamedRow, row

DOUBLE, SINGLE = "transformer_blocks.#", "single_transformer_blocks.#"
THEIRS, REFINED = "txt_in.individual_token_refiner.blocks.#", "context_embedder.token_refiner.refiner_blocks.#"
TOLD = "time_guidance_embed"
STREAMS = {"img": ("norm1", "ff"), "txt": ("norm1_context", "ff_context")}
"""What is called what of image and text in a double block."""
NORMS = {"img_attn": "norm_", "txt_attn": "norm_added_"}
ROWS: tuple[RenamedRow, ...] = (
    row("double_blocks.#.img_attn_qkv", *qkv(f"{DOUBLE}.attn")),
    row("double_blocks.#.txt_attn_qkv", *added_qkv(f"{DOUBLE}.attn")),
    row("double_blocks.#.img_attn_proj", f"{DOUBLE}.attn.to_out.0"),
    row("double_blocks.#.txt_attn_proj", f"{DOUBLE}.attn.to_add_out"),
    *(
        row(f"double_blocks.#.{stream}_mod.{end}", f"{DOUBLE}.{norm}.linear")
        for stream, (norm, _) in STREAMS.items()
        for end in ("linear", "lin")
    ),
    *(
        row(f"double_blocks.#.{stream}_mlp.{theirs}", f"{DOUBLE}.{feed}.net.{ours}")
        for stream, (_, feed) in STREAMS.items()
        for theirs, ours in (("fc1", "0.proj"), ("0", "0.proj"), ("fc2", "2"), ("2", "2"))
    ),
    *(
        row(f"double_blocks.#.{stream}{theirs}", f"{DOUBLE}.attn.{norm}{letter}")
        for stream, norm in NORMS.items()
        for letter, word in (("q", "query"), ("k", "key"))
        for theirs in (f"_{letter}_norm", f".norm.{word}_norm")
    ),
    row("single_blocks.#.linear1", *qkv(f"{SINGLE}.attn"), f"{SINGLE}.proj_mlp"),
    row("single_blocks.#.linear2", f"{SINGLE}.proj_out"),
    row("single_blocks.#.linear2.fc", f"{SINGLE}.proj_out"),
    *(row(f"single_blocks.#.modulation.{end}", f"{SINGLE}.norm.linear") for end in ("linear", "lin")),
    *(row(f"single_blocks.#.{letter}_norm", f"{SINGLE}.attn.norm_{letter}") for letter in "qk"),
    row("single_blocks.#.norm.query_norm", f"{SINGLE}.attn.norm_q"),
    row("single_blocks.#.norm.key_norm", f"{SINGLE}.attn.norm_k"),
    row(f"{THEIRS}.self_attn_qkv", *qkv(f"{REFINED}.attn")),
    row(f"{THEIRS}.self_attn_proj", f"{REFINED}.attn.to_out.0"),
    *(row(f"{THEIRS}.mlp.{end}", f"{REFINED}.ff.net.0.proj") for end in ("fc1", "0")),
    *(row(f"{THEIRS}.mlp.{end}", f"{REFINED}.ff.net.2") for end in ("fc2", "2")),
    row(f"{THEIRS}.adaLN_modulation.1", f"{REFINED}.norm_out.linear"),
    *(row(f"{THEIRS}.{norm}", f"{REFINED}.{norm}") for norm in ("norm1", "norm2")),
    row("byt5_in.layernorm", "context_embedder_2.norm"),
    row("txt_in.input_embedder", "context_embedder.proj_in"),
    *(row(f"byt5_in.fc{number}", f"context_embedder_2.linear_{number}") for number in (1, 2, 3)),
    *(
        row(f"{theirs}.{end}", f"{ours}.linear_{number}")
        for theirs, ours in (
            ("time_in", f"{TOLD}.timestep_embedder"),
            ("time_r_in", f"{TOLD}.timestep_embedder_r"),
            ("guidance_in", f"{TOLD}.guidance_embedder"),
            ("txt_in.t_embedder", "context_embedder.time_text_embed.timestep_embedder"),
            ("txt_in.c_embedder", "context_embedder.time_text_embed.text_embedder"),
        )
        for number, ends in ((1, ("mlp.0", "in_layer", "linear_1")), (2, ("mlp.2", "out_layer", "linear_2")))
        for end in ends
    ),
    row("img_in.proj", "x_embedder.proj"),
    row("final_layer.linear", "proj_out"),
    row("final_layer.adaLN_modulation.1", "norm_out.linear", exchanged=True),
)
