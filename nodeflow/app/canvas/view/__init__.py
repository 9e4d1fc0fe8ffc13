"""The canvas widget: pointer, viewport, search, wire dragging."""
