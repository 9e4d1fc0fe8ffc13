"""Between document and canvas: what a person does becomes edits, and edits become items."""
