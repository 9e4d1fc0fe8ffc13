#!/usr/bin/env bash
# Karras spacing starts a quarter lower where the timesteps are spaced leading
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
# Expected:  Karras et al. 2022, eq. 5: from the largest sigma that the model was trained with, 14.61 for Stable Diffusion
# Seen:      Euler and Heun start at 10.97 with leading spacing at 20 steps, at 14.61 with trailing: the ends are taken from the spaced timesteps
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
from diffusers import EulerDiscreteScheduler, HeunDiscreteScheduler

betas = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
largest = {}
for kind in (EulerDiscreteScheduler, HeunDiscreteScheduler):
    for spacing in ("leading", "trailing"):
        scheduler = kind(**betas, use_karras_sigmas=True, timestep_spacing=spacing)
        scheduler.set_timesteps(20)
        largest[kind.__name__, spacing] = float(scheduler.sigmas[0])
print(largest)
assert all(abs(value - 14.6146) < 1e-3 for (_, spacing), value in largest.items() if spacing == "trailing")
assert all(value < 11.1 for (_, spacing), value in largest.items() if spacing == "leading"), "it starts at the largest now"
PY
