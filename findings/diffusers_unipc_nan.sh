#!/usr/bin/env bash
# UniPC gives NaN, without a word, with its variant bh1 and where it predicts the noise
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
# Expected:  solver_type "bh1" (which the documentation names for fewer than 10 steps) and predict_x0=False work with the other defaults
# Seen:      the last step goes to level 0, where both multiply infinity by nothing; with final_sigmas_type "sigma_min" they work
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from diffusers import UniPCMultistepScheduler


def result(**options):
    torch.manual_seed(0)
    scheduler = UniPCMultistepScheduler(prediction_type="sample", **options)
    scheduler.set_timesteps(8)
    x = torch.randn(1, 4, 8, 8)
    for timestep in scheduler.timesteps:
        x = scheduler.step(torch.full_like(x, 0.3), timestep, x).prev_sample
    return x


usual = result()
print("bh2:", float(usual.mean()))
assert torch.allclose(usual, torch.full_like(usual, 0.3), atol=1e-4)
for option in ({"solver_type": "bh1"}, {"predict_x0": False}):
    whole, short = result(**option), result(**option, final_sigmas_type="sigma_min")
    print(option, "to level 0:", float(whole.mean()), "to the least level:", float(short.mean()))
    assert short.isfinite().all()
    assert whole.isnan().any(), "it is a number now"
PY
