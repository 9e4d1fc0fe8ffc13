"""The start page: ready-made workflows as cards, recent files."""
