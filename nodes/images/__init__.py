"""Images: files, sizes, sheets, measures."""
