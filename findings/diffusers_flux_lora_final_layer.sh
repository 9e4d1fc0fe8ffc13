#!/usr/bin/env bash
# kohya's FLUX LoRAs lose the alpha of the final layer, and its key has no prefix
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 peft==0.21.2 accelerate==1.15.0
# Expected:  strength alpha / rank in every layer, and `transformer.` before each key
# Seen:      blocks are scaled by alpha / rank; `proj_out` is four times too strong at alpha 1 and rank 4, and stands without prefix
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 peft==0.21.2 accelerate==1.15.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from diffusers.loaders.lora_conversion_utils import _convert_kohya_flux_lora_to_diffusers as convert

rank, block, last = 4, "lora_unet_double_blocks_0_img_attn_proj", "lora_unet_final_layer_linear"
file = {}
for name, outputs in ((block, 3072), (last, 64)):
    file[f"{name}.lora_down.weight"] = torch.randn(rank, 3072)
    file[f"{name}.lora_up.weight"] = torch.randn(outputs, rank)
    file[f"{name}.alpha"] = torch.tensor(1.0)
wanted = {name: file[f"{name}.lora_up.weight"] @ file[f"{name}.lora_down.weight"] / rank for name in (block, last)}
made = convert(dict(file))
inside = "transformer.transformer_blocks.0.attn.to_out.0"
strength = lambda key, name: float((made[f"{key}.lora_B.weight"] @ made[f"{key}.lora_A.weight"] / wanted[name]).median())
print("block", strength(inside, block), "final layer", strength("proj_out", last))
assert abs(strength(inside, block) - 1) < 1e-3
assert abs(strength("proj_out", last) - 4) < 1e-3, "the final layer's alpha counts now"
PY
