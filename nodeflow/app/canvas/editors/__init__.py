"""Editors of parameters on the canvas."""
