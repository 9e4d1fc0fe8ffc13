"""Tests of texts out of files, images in their place, and latents that are mapped at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Image, Latent
from nodes.conditioning.kept_text import load_conditioning
from nodes.conditioning.revision import revision_conditioning
from nodes.denoisers.denoisers import unet_denoiser
from nodes.images.predictions import finish_prediction
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.one_pass import map_latent

WIDTH = 24


@pytest.fixture(scope="module")
def sight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small image encoder as transformers saves it."""
    torch.manual_seed(0)
    shape = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 1}
    config = CLIPVisionConfig(**shape, image_size=28, patch_size=14, projection_dim=WIDTH, hidden_act="gelu")
    path = tmp_path_factory.mktemp("sight") / "image_encoder"
    CLIPVisionModelWithProjection(config).save_pretrained(path)
    return path


def test_an_encoded_text_comes_out_of_a_file(tmp_path: Path) -> None:
    tokens, pooled = torch.randn(1, 5, 8), torch.randn(1, 6)
    path = tmp_path / "text.safetensors"
    save_file({"conditioning": tokens, "pooled_output": pooled}, path)
    found = load_conditioning(str(path))
    assert found.tokens is not None and torch.equal(found.tokens, tokens)
    assert found.pooled is not None and torch.equal(found.pooled, pooled)
    assert found.mask is not None and found.mask.tolist() == [[1] * 5]
    save_file({"conditioning": tokens, "attention_mask": torch.tensor([[1, 1, 0, 0, 0]])}, path)
    assert load_conditioning(str(path)).mask.tolist() == [[1, 1, 0, 0, 0]]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"other": torch.zeros(2)}, "holds no encoded text"),
        ({"conditioning": torch.zeros(4, 8)}, r"a text of another form, \(4, 8\)"),
        ({"conditioning": torch.zeros(1, 4, 8), "attention_mask": torch.ones(1, 3)}, "says of 3 tokens which count"),
    ],
)
def test_a_file_without_a_text_is_a_sentence(held: dict[str, Tensor], said: str, tmp_path: Path) -> None:
    save_file(held, tmp_path / "text.safetensors")
    with pytest.raises(NodeError, match=said):
        load_conditioning(str(tmp_path / "text.safetensors"))


def test_an_image_takes_the_place_of_the_text_as_a_whole(sight: Path) -> None:
    image = Image(torch.rand(1, 3, 40, 60))
    text = Conditioning(torch.randn(1, 4, 8), torch.randn(1, WIDTH))
    model = CLIPVisionModelWithProjection.from_pretrained(sight).eval()
    processor = CLIPImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    pixels = processor(list((image.pixels * 255).round().to(torch.uint8)), return_tensors="pt").pixel_values
    with torch.no_grad():
        wanted = model(pixels).image_embeds
    once = revision_conditioning(text, image, str(sight), 0.75)
    assert once.pooled is not None and torch.allclose(once.pooled, 0.75 * wanted, atol=1e-5)
    assert once.tokens is text.tokens
    twice = revision_conditioning(once, image, str(sight), 0.5, added=True)
    assert twice.pooled is not None and torch.allclose(twice.pooled, 1.25 * wanted, atol=1e-5)
    with pytest.raises(NodeError, match="this text has no vector as a whole, and the image one of 24"):
        revision_conditioning(Conditioning(text.tokens), image, str(sight))
    with pytest.raises(NodeError, match="3 images do not fit 2 texts"):
        revision_conditioning(
            Conditioning(text.tokens, torch.zeros(2, WIDTH)), Image(torch.rand(3, 3, 28, 28)), str(sight)
        )


def test_a_latent_is_mapped_by_one_call(tiny: LatentDiffusion) -> None:
    denoiser: Any = unet_denoiser(tiny.unet, "sample")
    text, x = tiny.text_encoder.encode(["a star"]), torch.randn(2, 4, 8, 8)
    with torch.no_grad():
        output = torch.cat([denoiser.predict(row, torch.tensor(250.0), text) for row in x.split(1)])
    other = map_latent(denoiser, text, Latent(x), 250.0, "the other latent").samples
    way = map_latent(denoiser, text, Latent(x), 250.0).samples
    assert torch.equal(other, output) and torch.equal(way, x - output)
    with pytest.raises(NodeError, match="this latent has 16 channels and the model works on 4"):
        map_latent(denoiser, text, Latent(torch.zeros(1, 16, 8, 8)))


def test_a_prediction_is_finished_as_what_it_shows() -> None:
    pixels = torch.tensor([0.2, 0.4, 0.6]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    depth = finish_prediction(Image(pixels), "depth").pixels
    assert torch.allclose(depth[0, 0, 0], torch.tensor([1.0, 0.5, 0.0]), atol=1e-6) and depth.shape == (1, 3, 1, 3)
    normals = finish_prediction(Image(torch.rand(1, 3, 4, 4)), "normals").pixels * 2 - 1
    assert torch.allclose(normals.norm(dim=1), torch.ones(1, 4, 4), atol=1e-5)
    light = finish_prediction(Image(torch.tensor([0.0, 0.001, 0.5, 1.0]).view(1, 1, 1, 4).expand(1, 3, 1, 4)), "albedo")
    assert torch.allclose(light.pixels[0, 0, 0], torch.tensor([0.0, 0.01292, 0.735357, 1.0]), atol=1e-4)
    flat = finish_prediction(Image(torch.full((1, 3, 2, 2), 0.5)), "depth").pixels
    assert torch.isfinite(flat).all()
