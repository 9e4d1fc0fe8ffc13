"""Panels that stand around the documents. Each is built when it is first seen."""
