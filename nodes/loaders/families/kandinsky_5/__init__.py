"""Kandinsky 5 Image (Arkhipkin et al. 2025, arXiv:2511.14993)."""
