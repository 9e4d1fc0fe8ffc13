#!/usr/bin/env bash
# Multistep schedulers fail, or give NaN without a word, where a timestep stands twice in their schedule
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
# Expected:  as many steps as were asked for, from the first level to the last
# Seen:      beta sigmas round the first timestep twice from 35 steps on, so that the loop starts with the second and ends in an
#            IndexError or AssertionError; 1000 steps of 1000 repeat one in the middle, and divide by a step of no length
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from diffusers import DEISMultistepScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler

for kind in (DPMSolverMultistepScheduler, UniPCMultistepScheduler, DEISMultistepScheduler):

    def sampled(steps, **options):
        torch.manual_seed(0)
        scheduler = kind(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="sample", **options
        )
        scheduler.set_timesteps(steps)
        x = torch.randn(1, 4, 8, 8)
        for timestep in scheduler.timesteps:
            x = scheduler.step(torch.full_like(x, 0.3), timestep, x).prev_sample
        return x

    assert sampled(20, use_beta_sigmas=True).isfinite().all() and sampled(999).isfinite().all()
    try:
        sampled(50, use_beta_sigmas=True)
    except (IndexError, AssertionError) as error:
        print(kind.__name__, "50 steps with beta sigmas:", repr(error))
    else:
        raise SystemExit("the first timestep may stand twice now")
    many = sampled(1000)
    print(kind.__name__, "1000 steps:", float(many.mean()))
    assert many.isnan().any(), "a timestep may stand twice in the middle now"
PY
