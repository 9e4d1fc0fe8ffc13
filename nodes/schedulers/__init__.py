"""Schedulers: which way leads from noise to the image, and in how many steps."""
