#!/usr/bin/env bash
# With leading spacing more steps may start at a far lower noise level, and with as many as there are timesteps at the lowest
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
# Expected:  whatever their number, steps begin near the noisiest of 1000 timesteps, where the latent that is handed in is noise alone
# Seen:      the distance between steps is rounded down: DDIM starts at 951 with 20 steps, 895 with 150, 699 with 350, 501 with 501;
#            DPM-Solver and UniPC at 801 with 200, 501 with 500, and with 1000 every one of their timesteps is 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, UniPCMultistepScheduler


def timesteps(kind, steps, spacing):
    scheduler = kind(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, timestep_spacing=spacing
    )
    scheduler.set_timesteps(steps)
    first = int(scheduler.timesteps[0])
    signal = float(scheduler.alphas_cumprod[min(first, 999)] ** 0.5)
    print(kind.__name__, spacing, steps, "steps from", first, "where the image has a share of", round(signal, 3))
    return [int(timestep) for timestep in scheduler.timesteps]


for kind in (DDIMScheduler, EulerDiscreteScheduler):
    assert timesteps(kind, 350, "trailing")[0] == 999
    assert [timesteps(kind, steps, "leading")[0] for steps in (20, 150, 350, 501)] == [951, 895, 699, 501]
for kind in (DPMSolverMultistepScheduler, UniPCMultistepScheduler):
    assert timesteps(kind, 500, "trailing")[0] == 999
    assert [timesteps(kind, steps, "leading")[0] for steps in (20, 200, 500)] == [941, 801, 501]
    assert set(timesteps(kind, 1000, "leading")) == {1}, "there are others now"
PY
