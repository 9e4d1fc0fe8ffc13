"""Krea 2 (Krea 2026)."""
