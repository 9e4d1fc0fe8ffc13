"""The interface in the person's language."""
