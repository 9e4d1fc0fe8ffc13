"""Device memory: what a run computes on, and where networks lie."""
