"""Stable Cascade's stage C (Würstchen, Pernias et al. 2023, arXiv:2306.00637)."""
