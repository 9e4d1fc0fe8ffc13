"""Noise levels: what a model was trained with, and how a walk is spaced along them. No nodes here."""
