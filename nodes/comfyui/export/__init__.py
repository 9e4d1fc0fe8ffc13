"""Workflows of ours as ComfyUI's: a table of plain nodes, and small functions for what is made of several there."""
