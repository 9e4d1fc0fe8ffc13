"""Z-Image (Cai et al. 2025, arXiv:2511.22699)."""
