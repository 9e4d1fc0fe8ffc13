"""Subgraphs: definitions as nodes, flattening, reroutes."""
