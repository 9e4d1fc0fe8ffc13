"""Measured comparisons, each run as ``python -m benchmarks.<name>``. They print; they are no tests."""
