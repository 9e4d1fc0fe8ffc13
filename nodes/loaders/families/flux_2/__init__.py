"""FLUX.2 dev (Black Forest Labs 2025)."""
