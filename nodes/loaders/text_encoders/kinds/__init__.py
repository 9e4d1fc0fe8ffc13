"""Text encoders that several families share: CLIP, T5, Qwen."""
