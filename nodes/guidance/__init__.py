"""Guidance of a denoiser: classifier-free, classifier and CLIP guidance, thresholding."""
