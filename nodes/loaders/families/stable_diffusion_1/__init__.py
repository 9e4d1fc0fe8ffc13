"""Stable Diffusion 1 (Rombach et al. 2022, arXiv:2112.10752)."""
