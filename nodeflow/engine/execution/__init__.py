"""Execution of a run: the executor, and what it calls a node with, step by step and item by item."""
