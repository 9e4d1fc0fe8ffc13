"""Quantised weights: kept as their file has them, and widened layer by layer when a network computes."""
