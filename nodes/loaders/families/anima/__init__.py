"""Anima (CircleStone Labs and Comfy Org 2026), a Cosmos-Predict 2 (NVIDIA 2025, arXiv:2511.00062) that reads Qwen 3."""
