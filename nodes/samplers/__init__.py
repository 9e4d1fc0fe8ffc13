"""The loops that make an image: denoising, inversion, image tokens, one pass."""
