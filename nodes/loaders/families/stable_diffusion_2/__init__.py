"""Stable Diffusion 2, whose text encoder is OpenCLIP and which predicts v at 768 pixels."""
