"""The judge: what an image shows, read from its pixels alone."""
