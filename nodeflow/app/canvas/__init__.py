"""The canvas: a view of the workflow on NodeGraphQt's viewer and items, with our own painting and editing."""
