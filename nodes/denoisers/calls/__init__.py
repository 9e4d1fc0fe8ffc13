"""Calls of each kind of network, and what its prediction means. No nodes here."""
