"""Low-rank adapters on networks, loaded or trained a little."""
