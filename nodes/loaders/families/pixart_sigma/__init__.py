"""PixArt-Sigma (Chen et al. 2024, arXiv:2403.04692)."""
