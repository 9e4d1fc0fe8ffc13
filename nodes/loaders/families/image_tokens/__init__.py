"""Transformers over image tokens: DALL-E's kind, aMUSEd."""
