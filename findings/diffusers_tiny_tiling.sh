#!/usr/bin/env bash
# Tiling does not go with the tiny autoencoders of FLUX and Stable Diffusion 3, and gives full precision for half
# Seen with: diffusers==0.42.1 torch==2.14.1
# Expected:  enable_tiling() changes how much memory encoding and decoding take, not what they give
# Seen:      encoding to 16 channels raises RuntimeError (the tiles are written into 4); decoding in float16 gives float32
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from diffusers import AutoencoderTiny

network = AutoencoderTiny(
    latent_channels=16, encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4
).eval()
image, latent = torch.rand(1, 3, 576, 512), torch.randn(1, 16, 72, 64)
with torch.no_grad():
    assert network.encode(image).latents.shape == latent.shape
    assert network.half().decode(latent.half()).sample.dtype == torch.float16
    network.enable_tiling()
    made = network.decode(latent.half()).sample
    print("decoded in tiles in half precision:", made.dtype)
    assert made.dtype == torch.float32, "it keeps the precision now"
    try:
        network.float().encode(image)
    except RuntimeError as error:
        print("encoded in tiles:", error)
    else:
        raise SystemExit("tiles have the latent's channels now")
PY
