"""Guided predictions with the norm of the conditional ones."""

import pytest
import torch

from nodeflow.node import NodeError
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, guidance_interval, no_guidance
from nodes.guidance.normalised import normalise_guidance, to_norm
from nodes.loaders.load_models import LatentDiffusion

X, TIME = torch.randn(1, 4, 8, 6, generator=torch.Generator().manual_seed(1)), torch.tensor(500)


@pytest.mark.parametrize("patch", [1, 2])
def test_each_token_has_the_wanted_norm_and_its_own_direction(patch: int) -> None:
    conditional, guided = X, 3 * X + 0.5 * X.flip(1)
    found = to_norm(guided, conditional, patch)
    for row in range(0, 8, patch):
        for column in range(0, 6, patch):
            cells = (..., slice(row, row + patch), slice(column, column + patch))
            torch.testing.assert_close(found[cells].norm(), conditional[cells].norm())
            cosine = torch.cosine_similarity(found[cells].flatten(), guided[cells].flatten(), 0)
            torch.testing.assert_close(cosine, torch.tensor(1.0))
    assert to_norm(torch.zeros_like(X), X, patch).eq(0).all()


def test_a_latent_that_is_not_made_of_whole_tokens_is_a_sentence() -> None:
    with pytest.raises(NodeError, match="6 x 8 cells has no whole tokens of 4 x 4; change patch"):
        to_norm(X, X, 4)


def test_it_goes_around_any_guider(tiny: LatentDiffusion) -> None:
    texts = [clip_text_encode(tiny.text_encoder, text) for text in ("a red star", "blue")]
    denoiser = unet_denoiser(tiny.unet)
    alone, guided = no_guidance(denoiser, texts[0]), classifier_free_guidance(denoiser, *texts, 6.0)
    with torch.no_grad():
        plain = alone.predict(X, TIME, 0, 4).output
        assert torch.equal(normalise_guidance(alone).predict(X, TIME, 0, 4).output, plain)
        found = normalise_guidance(guided).predict(X, TIME, 0, 4)
        assert torch.equal(found.output, to_norm(guided.predict(X, TIME, 0, 4).output, found.conditional, 2))
        part = normalise_guidance(guidance_interval(guided, 0.5, 1.0))
        assert torch.equal(part.at(0, 4).predict(X, TIME, 0, 4).output, plain)
        assert torch.equal(part.at(3, 4).predict(X, TIME, 3, 4).output, found.output)
