"""Chroma (Rock 2025), FLUX.1 schnell with a small network in place of most of its modulation."""
