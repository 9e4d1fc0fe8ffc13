"""Small pieces over Qt that know nothing of workflows: theme, background work, image decoding, fields."""
