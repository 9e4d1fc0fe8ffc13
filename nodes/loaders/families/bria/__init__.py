"""Bria 3.2 (Bria 2025)."""
