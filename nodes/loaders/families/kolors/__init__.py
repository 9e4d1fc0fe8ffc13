"""Kolors (Kolors team 2024, Effective Training of Diffusion Model for Photorealistic Text-to-Image Synthesis)."""
