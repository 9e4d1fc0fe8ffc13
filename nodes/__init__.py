"""The built-in pack: one file a station of the pipeline, each node a plain typed function."""

STATIONS = ("models", "text", "noise", "schedule", "denoise", "guidance", "sample", "vae", "image")
"""The modules of this pack that hold nodes, in the order a picture passes through them."""
