"""Fibo (Gutflaish et al. 2025, arXiv:2511.06876)."""
