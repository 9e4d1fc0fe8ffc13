"""Qwen-Image 2.1 (Qwen team 2026), for texts and for changing images."""
