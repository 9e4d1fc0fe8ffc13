"""Edits of a workflow that can be taken back, and what a person does as edits."""
