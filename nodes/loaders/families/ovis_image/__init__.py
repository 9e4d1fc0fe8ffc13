"""Ovis-Image (Ovis team 2025, arXiv:2511.22982)."""
