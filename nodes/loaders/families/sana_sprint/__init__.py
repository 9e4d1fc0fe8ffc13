"""Sana-Sprint (Chen et al. 2025, arXiv:2503.09641)."""
