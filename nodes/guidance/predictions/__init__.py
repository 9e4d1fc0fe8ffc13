"""Predictions asked for text by text, and put together. No nodes here."""
