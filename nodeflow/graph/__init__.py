"""Workflows: their data, the catalogue of nodes they are wired from, checking, and files. No Qt, no torch."""
