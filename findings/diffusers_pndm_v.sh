#!/usr/bin/env bash
# PNDM is several times less accurate with a network that predicts v than with the same network told as noise
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
# Expected:  equal results, as with DDIM: v and noise say the same, and one is computed from the other
# Seen:      its fourth-order formula averages v of several timesteps, each relative to another level, and takes that for noise after
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from diffusers import DDIMScheduler, PNDMScheduler


def error(kind, steps, prediction):
    """Of samples whose data are normal, mean 0 and deviation 0.5: the flow of these is known, and its network too."""
    torch.manual_seed(0)
    options = {"clip_sample": False} if kind is DDIMScheduler else {"skip_prk_steps": True}
    scheduler = kind(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type=prediction, **options
    )
    scheduler.set_timesteps(steps)
    levels = scheduler.alphas_cumprod.double()
    x = torch.randn(1, 1000).double()
    start = levels[scheduler.timesteps[0]]
    exact = 0.5 * x / (0.25 * start + 1 - start) ** 0.5
    for timestep in scheduler.timesteps:
        alpha, sigma = levels[timestep] ** 0.5, (1 - levels[timestep]) ** 0.5
        clean = 0.25 * alpha * x / (0.25 * alpha**2 + sigma**2)
        noise = (x - alpha * clean) / sigma
        said = noise if prediction == "epsilon" else alpha * noise - sigma * clean
        x = scheduler.step(said, timestep, x).prev_sample
    return float((x - exact).abs().max())


for steps in (20, 50):
    noise, v = (error(PNDMScheduler, steps, prediction) for prediction in ("epsilon", "v_prediction"))
    ddim = [error(DDIMScheduler, steps, prediction) for prediction in ("epsilon", "v_prediction")]
    print(steps, "steps: PNDM is off by", round(noise, 4), "told noise,", round(v, 4), "told v; DDIM by", ddim)
    assert abs(ddim[0] - ddim[1]) < 1e-5
    assert v > 2 * noise, "v does as well now"
PY
