"""Text encoders that several families share. No nodes here."""
