"""PRX on the latents of a deep compression autoencoder (Photoroom 2025)."""
