"""Cache of results: in memory within a budget, and on the disk behind it."""
