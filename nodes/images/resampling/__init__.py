"""Ways to resize images and latents. No nodes here."""
