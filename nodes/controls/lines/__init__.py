"""Lines in drawings. No nodes here."""
