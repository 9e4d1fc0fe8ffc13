"""FLUX.3 Klein (Black Forest Labs 2026)."""
