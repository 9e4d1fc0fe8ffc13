#!/usr/bin/env bash
# Euler's interpolation "log_linear" tells the network other noise levels than it is given
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
# Expected:  each timestep is the one at which the model was trained with that step's sigma, as with "linear" and with Karras' spacing
# Seen:      sigmas are spaced evenly in their logarithm, timesteps evenly: at step 10 of 20 sigma 0.65, told timestep 473 (sigma 1.48)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from diffusers import EulerDiscreteScheduler

betas = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
worst = {}
for name, options in {
    "linear": {"interpolation_type": "linear"},
    "Karras": {"use_karras_sigmas": True},
    "log_linear": {"interpolation_type": "log_linear"},
}.items():
    scheduler = EulerDiscreteScheduler(**betas, **options)
    trained = ((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod) ** 0.5
    scheduler.set_timesteps(20)
    times = scheduler.timesteps
    given = scheduler.sigmas[: len(times)]
    low = times.long()
    told = torch.lerp(trained[low], trained[(low + 1).clamp(max=999)], times - low)
    worst[name] = float((told / given).log().abs().max().exp())
    print(name, "step 10: sigma", float(given[10]), "told", float(times[10]), "of sigma", float(told[10]), "worst ratio", worst[name])
assert worst["linear"] < 1.01 and worst["Karras"] < 1.05
assert worst["log_linear"] > 1.5, "timesteps follow the sigmas now"
PY
