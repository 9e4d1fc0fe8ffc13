"""Diffusion transformers led by a class or caption: DiT, U-ViT."""
