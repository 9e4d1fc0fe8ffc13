"""Workflows as Python scripts over diffusers and transformers."""
