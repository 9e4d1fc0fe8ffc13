"""Functions that scripts hold, as they stand here: plain Python over torch, diffusers and transformers.

They are read as text, never called: a script takes those that its lines name, and what these name. Each stands by
itself, so that a reader of a script finds all of it there.
"""
