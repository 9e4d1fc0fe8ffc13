"""From texts, classes and images to what leads a denoiser."""
