"""Where results are kept: in memory within a budget, and on the disk behind it."""
