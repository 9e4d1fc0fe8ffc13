"""nodeflow: build text-to-image workflows out of their real parts, run them, and see inside."""

__version__ = "0.2.0"
