"""FLUX.1 (Black Forest Labs 2025, arXiv:2506.15742, sec. 2)."""
