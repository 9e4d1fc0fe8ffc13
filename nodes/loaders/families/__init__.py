"""Model families, a folder each: how its files are recognised and loaded. No nodes here."""
