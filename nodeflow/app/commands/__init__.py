"""What a person can do: the registry of actions, palette, shortcuts, menus."""
