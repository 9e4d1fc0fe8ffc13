"""Lists, numbers, texts and reroutes."""
