"""The settings that other programs write into images, as workflows of our nodes."""
