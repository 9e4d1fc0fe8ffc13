"""Parts of the denoising loop. No nodes here."""
