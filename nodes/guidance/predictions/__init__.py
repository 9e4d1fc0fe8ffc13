"""How predictions are asked for, text by text, and put together. No nodes here."""
