"""Prompts as programs read them: weights, breaks, embeddings, and how tokens fill a model's length. No nodes here."""
