"""Weights out of files that can hold programs: read in a process of their own, tensors only, written as safetensors."""
