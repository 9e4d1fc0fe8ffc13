"""Lumina-Image 2.0 (Qin et al. 2025, arXiv:2503.21758)."""
