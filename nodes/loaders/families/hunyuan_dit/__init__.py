"""Hunyuan-DiT (Li et al. 2024, arXiv:2405.08748)."""
