"""Stable unCLIP (Stability AI 2023), Stable Diffusion 2.1 that is told what an image shows, by its vector of CLIP."""
