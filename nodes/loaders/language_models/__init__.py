"""Language models that answer in words. No nodes here."""
