"""Loops shared by every training: steps, checkpoints, export."""
