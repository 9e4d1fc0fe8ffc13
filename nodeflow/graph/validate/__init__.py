"""Validation of a workflow, and what a run of it is about."""
