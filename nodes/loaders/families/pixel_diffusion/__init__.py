"""Diffusion on pixels: DDPM, DeepFloyd IF, classifiers of noisy images."""
