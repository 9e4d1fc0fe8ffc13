"""Qwen-Image 2.1, of which ComfyUI joins two layers; Qwen-Image itself has the same names everywhere."""

from nodes.loaders.adapters.names.renamed import RenamedRow, row

BLOCK = "transformer_blocks.#"
ROWS_21: tuple[RenamedRow, ...] = (
    row(f"{BLOCK}.img_mlp.gate_up", f"{BLOCK}.img_mlp.gate_layer", f"{BLOCK}.img_mlp.proj"),
)
