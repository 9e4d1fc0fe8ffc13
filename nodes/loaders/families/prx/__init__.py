"""PRX (Photoroom 2025)."""
