"""PixArt-alpha (Chen et al. 2023, arXiv:2310.00426)."""
