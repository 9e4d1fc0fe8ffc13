"""Qwen-Image-Layered (Yin et al. 2025, arXiv:2512.15603)."""
