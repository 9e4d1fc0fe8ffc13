"""Models from files and folders."""
