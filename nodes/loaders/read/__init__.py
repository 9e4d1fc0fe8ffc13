"""Finding model files, telling what they are, and reading their weights. No nodes here."""
