#!/usr/bin/env bash
# A schedule of one step starts at the cleanest timestep with the spacings leading and linspace
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
# Expected:  one step that goes from pure noise to the image: timestep 999, as with trailing
# Seen:      timestep 0, for DDIM and Euler alike: a one-step model sees an almost clean input and gives noise back
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
from diffusers import DDIMScheduler, EulerDiscreteScheduler

first = {}
for kind in (DDIMScheduler, EulerDiscreteScheduler):
    for spacing in ("leading", "linspace", "trailing"):
        scheduler = kind(beta_schedule="scaled_linear", timestep_spacing=spacing)
        scheduler.set_timesteps(1)
        first[kind.__name__, spacing] = float(scheduler.timesteps[0])
print(first)
assert {value for (_, spacing), value in first.items() if spacing == "trailing"} == {999.0}
assert {value for (_, spacing), value in first.items() if spacing != "trailing"} == {0.0}, "they start elsewhere now"
PY
