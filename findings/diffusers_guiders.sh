#!/usr/bin/env bash
# Four of diffusers' guiders swap, skip, mix up or fail, three of them without a word
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 kornia==0.9.0
# Expected:  a guided prediction of the latent's shape, led away from a worse one
# Seen:      SkipLayerGuidance gives joint-attention blocks' text and image in the wrong order; SmoothedEnergyGuidance
#            never counts its calls, so that nothing is ever blurred, and takes the mean for a finite blur;
#            FrequencyDecoupledGuidance gives 128 x 256 cells for 96 x 168; MagnitudeAwareGuidance raises for images
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 kornia==0.9.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from diffusers import SD3Transformer2DModel, guiders, hooks
from diffusers.hooks.smoothed_energy_guidance_utils import _gaussian_blur_2d

shape = dict(sample_size=8, in_channels=4, out_channels=4, num_layers=2, num_attention_heads=2, attention_head_dim=8,
             joint_attention_dim=8, caption_projection_dim=16, pooled_projection_dim=8, pos_embed_max_size=12)
network = SD3Transformer2DModel(**shape).eval()
given = (torch.randn(1, 4, 8, 8), torch.randn(1, 5, 8), torch.randn(1, 8), torch.tensor([500.0]))
hooks.apply_layer_skip(network, hooks.LayerSkipConfig([1], fqn="transformer_blocks"))
try:
    with torch.no_grad():
        network(*given)
    raise SystemExit("a block left out gives text and image in the right order now")
except RuntimeError as error:
    print("SkipLayerGuidance:", error)

seg = guiders.SmoothedEnergyGuidance(seg_guidance_layers=[0])
seg.set_state(1, 10, given[3])
for _ in seg.prepare_inputs({"text": (given[1], given[1])}):
    seg.prepare_models(network)
hooked = [name for name, part in network.named_modules() if hasattr(part, "_diffusers_hook") and "to_q" in name]
print("SmoothedEnergyGuidance, layers that are blurred:", hooked)
assert not hooked and seg._count_prepared == 0, "it counts now"
queries = torch.randn(1, 64, 4)
finite = _gaussian_blur_2d(queries.clone(), 7, 1.0, 9999.0)
print("a finite blur's deviation:", float(finite.std(1).max()))
assert finite.std(1).max() < 1e-5, "a finite blur is one now"

fdg = guiders.FrequencyDecoupledGuidance()
fdg.set_state(1, 10, given[3])
found = fdg.forward(torch.randn(1, 4, 96, 168), torch.randn(1, 4, 96, 168))[0]
print("FrequencyDecoupledGuidance:", tuple(found.shape))
assert found.shape[-2:] == (128, 256), "it keeps the size now"

try:
    mag = guiders.MagnitudeAwareGuidance()
    mag.set_state(1, 10, given[3])
    mag.forward(given[0], given[0] + 1)
    raise SystemExit("MagnitudeAwareGuidance takes images now")
except RuntimeError as error:
    print("MagnitudeAwareGuidance:", error)
PY
