"""What programs that train leave in a file beside a model's weights: patterns that names begin with. None of it makes
images."""

from __future__ import annotations

BUFFERS = (
    r"(betas|logvar|lvlb_weights|log_one_minus_alphas_cumprod|alphas_cumprod(_prev)?|denoiser\.(log_)?sigmas"
    r"|sqrt_\w+|posterior_\w+)$"
)
"""Noise schedules that are computed afresh."""
AVERAGES = r"(first_stage_model\.)?(model_ema|loss)\."
"""Running averages and discriminators, which training alone needs."""
