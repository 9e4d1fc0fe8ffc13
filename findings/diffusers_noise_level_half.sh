#!/usr/bin/env bash
# UNet2DModel with a noise level for its class fails in half precision: the level's waves stay in full
# Seen with: diffusers==0.42.1 torch==2.14.1
# Expected:  a network in bfloat16 or float16 takes a noise level as it takes a timestep
# Seen:      RuntimeError, mat1 and mat2 must have the same dtype; the timestep's waves are cast, the level's are not
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from diffusers import UNet2DModel

network = UNet2DModel(
    sample_size=8, block_out_channels=(8, 8), norm_num_groups=4, class_embed_type="timestep",
    down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2,
).eval()
x, level = torch.randn(1, 3, 8, 8), torch.tensor([50])
with torch.no_grad():
    network(x, 10, class_labels=level)
    try:
        network.bfloat16()(x.bfloat16(), 10, class_labels=level)
    except RuntimeError as error:
        print(error)
    else:
        raise AssertionError("it computes in half now")
PY
