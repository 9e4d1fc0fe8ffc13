#!/usr/bin/env bash
# A model made from a copy of another's config with one value changed keeps the old default, without a word
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
# Expected:  AutoencoderKL.from_config({**vae.config, 'scaling_factor': 0.5}) has a scaling factor of 0.5
# Seen:      0.18215: the copied config still lists the key among those that were defaults, and these win
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
from diffusers import AutoencoderKL

first = AutoencoderKL(block_out_channels=(32,), norm_num_groups=8)
copy = AutoencoderKL.from_config({**first.config, "scaling_factor": 0.5, "latents_mean": [1.0, 2.0, 3.0, 4.0]})
plain = {key: value for key, value in first.config.items() if not key.startswith("_")}
right = AutoencoderKL.from_config({**plain, "scaling_factor": 0.5})
print("copied:", copy.config.scaling_factor, copy.config.latents_mean, "without the list:", right.config.scaling_factor)
assert right.config.scaling_factor == 0.5
assert copy.config.scaling_factor == 0.18215 and copy.config.latents_mean is None, "the change counts now"
PY
