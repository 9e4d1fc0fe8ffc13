"""Stable Diffusion 3, FLUX, Z-Image, Qwen-Image."""
