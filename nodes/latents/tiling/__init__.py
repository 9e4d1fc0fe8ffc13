"""Work on a part at a time. No nodes here."""
