"""The first Qwen-Image-Edit (Wu et al. 2025, arXiv:2508.02324), which changes one image."""
