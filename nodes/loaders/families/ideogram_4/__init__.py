"""Ideogram 4 (Ideogram 2026)."""
