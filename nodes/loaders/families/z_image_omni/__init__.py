"""Z-Image-Omni (Cai et al. 2025, arXiv:2511.22699)."""
