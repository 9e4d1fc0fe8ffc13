"""Noise, latents, and the ways between them and images."""
