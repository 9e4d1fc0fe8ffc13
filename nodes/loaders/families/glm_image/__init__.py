"""GLM-Image (Z.ai 2026): a language model plans an image in tokens, and a diffusion transformer paints by them."""
