"""Scripts for those who work on nodeflow."""
