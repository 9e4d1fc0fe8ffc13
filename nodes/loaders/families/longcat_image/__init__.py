"""LongCat-Image (Meituan LongCat team 2025, arXiv:2512.07584)."""
