"""AuraFlow (fal 2024), after stable diffusion 3's paper (Esser et al. 2024, arXiv:2403.03206)."""
