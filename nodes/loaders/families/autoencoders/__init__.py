"""Autoencoders: VAE, VQ-VAE, Qwen-Image's."""
