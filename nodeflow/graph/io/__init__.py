"""Workflows from and to text and files."""
