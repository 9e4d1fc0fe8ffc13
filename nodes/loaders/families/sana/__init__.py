"""Sana (Xie et al. 2024, arXiv:2410.10629) and Sana 1.5 (Xie et al. 2025, arXiv:2501.18427)."""
