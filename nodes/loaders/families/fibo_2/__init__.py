"""Fibo 2.0 (Bria AI 2026), which goes on from Fibo (Gutflaish et al. 2025, arXiv:2511.06876)."""
