"""The cards of the starter models and the figures in them."""
