"""FLUX.2 Klein (Black Forest Labs 2026)."""
