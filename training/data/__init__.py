"""Drawn, captioned images: scenes, captions in two languages, training sets."""
