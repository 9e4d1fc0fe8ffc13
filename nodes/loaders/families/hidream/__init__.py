"""HiDream-I1 (Cai et al. 2025, arXiv:2505.22705)."""
