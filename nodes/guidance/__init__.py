"""What leads a denoiser: classifier-free, classifier and CLIP guidance, thresholding."""
