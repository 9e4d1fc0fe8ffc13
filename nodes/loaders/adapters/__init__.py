"""Adapter files: LoRA and its kin. No nodes here."""
