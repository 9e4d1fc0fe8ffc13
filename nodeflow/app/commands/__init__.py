"""Actions of the application: their registry, palette, shortcuts, menus."""
