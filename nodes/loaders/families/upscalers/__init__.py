"""Networks that enlarge an image in one pass."""
