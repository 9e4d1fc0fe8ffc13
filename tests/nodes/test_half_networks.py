"""Networks on pixels in half precision: what they are told of noise comes in full, and they take it."""

import torch

from nodeflow.wires import Conditioning, Image
from nodes.denoisers.upsampler_cascade import load_upsampler, upsample_denoiser
from nodes.guidance.classifier_gradient import load_noisy_classifier


def test_an_upsampler_predicts_in_half_as_in_full() -> None:
    found = []
    for dtype in ("float32", "bfloat16"):
        loaded = load_upsampler("starter:upsampler-256", dtype=dtype)
        low = Image(torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)))
        denoiser = upsample_denoiser(loaded[0], low, loaded[1], 50)
        x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)).to(denoiser.dtype)
        with torch.no_grad():
            found.append(denoiser.predict(x, torch.tensor(500), Conditioning()).float())
    assert 0 < (found[0] - found[1]).abs().max() < 0.25


def test_a_classifier_of_noisy_images_leads_in_half() -> None:
    classifier = load_noisy_classifier("starter:noisy-classifier", dtype="bfloat16")
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)).requires_grad_()
    module = classifier.module  # type: ignore[attr-defined]
    logits = module(x, torch.tensor(500))
    assert logits.dtype == torch.float32
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    assert gradient.isfinite().all() and gradient.abs().max() > 0
