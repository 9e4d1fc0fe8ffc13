"""CLIP: the library's own numbers, and what is made of them."""

import json
import math
from pathlib import Path

import open_clip
import pytest
import torch
from safetensors.torch import save_file
from torch.nn.functional import normalize
from transformers import CLIPImageProcessor, CLIPModel

from nodeflow.node import NodeError
from nodeflow.wires import CLIP, Embedding, Image, Latent
from nodes.conditioning.clip_space import (
    clip_image_embedding,
    clip_rerank,
    clip_similarity,
    clip_text_embedding,
    load_clip,
    text_difference,
)
from nodes.latents.interpolation import interpolate_embeddings, interpolate_latents, slerp
from nodes.loaders.families.clip.clip_pair import Preparation
from tests.nodes.conftest import tiny_tokenizer

OPEN_CLIP = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


@pytest.fixture(scope="module")
def clip(tiny_clip: Path) -> CLIP:
    return load_clip(str(tiny_clip))


def pictures(batch: int = 3, height: int = 32, width: int = 32) -> Image:
    return Image(torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(1)))


def test_similarities_are_those_of_transformers(clip: CLIP, tiny_clip: Path) -> None:
    model, tokenizer = CLIPModel.from_pretrained(tiny_clip).eval(), tiny_tokenizer()
    processor = CLIPImageProcessor.from_pretrained(tiny_clip)
    image = Image((pictures().pixels * 255).round() / 255)
    texts = ["red star", "blue"]
    with torch.no_grad():
        output = model(
            **tokenizer(texts, padding=True, return_tensors="pt"),
            **processor(list(image.pixels), do_rescale=False, return_tensors="pt"),
        )
    wanted = output.logits_per_image / model.logit_scale.exp()
    found = clip_similarity(clip_image_embedding(clip, image), clip_text_embedding(clip, "red star\n\n blue "))
    torch.testing.assert_close(found.scores.values, wanted, atol=1e-5, rtol=1e-4)
    assert found.scores.texts == ("red star", "blue")
    assert found.table.splitlines()[1].startswith("blue: ")


def test_pictures_of_any_size_are_prepared_as_the_library_does(tiny_clip: Path) -> None:
    given = json.loads((tiny_clip / "preprocessor_config.json").read_text())
    prepare = Preparation(32, tuple(given["image_mean"]), tuple(given["image_std"]))
    smooth = torch.nn.functional.interpolate(pictures(1, 5, 7).pixels, (60, 96), mode="bicubic").clamp(0, 1)
    wanted = CLIPImageProcessor.from_pretrained(tiny_clip)(smooth[0], do_rescale=False, return_tensors="pt")
    found = prepare(smooth)
    assert found.shape == (1, 3, 32, 32)
    assert (found - wanted["pixel_values"]).abs().max() < 0.03


def test_open_clip_models_load_from_folder_and_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    torch.manual_seed(0)
    (tmp_path / "tiny-open-clip.json").write_text(json.dumps(OPEN_CLIP))
    open_clip.add_model_config(tmp_path / "tiny-open-clip.json")
    model = open_clip.create_model("tiny-open-clip", load_weights=False).eval()
    folder = tmp_path / "saved"
    folder.mkdir()
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": OPEN_CLIP, "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}})
    )
    image, texts = pictures(), ["a red star", "blue"]
    with torch.no_grad():
        wanted_pictures = model.encode_image(2 * image.pixels - 1)
        wanted_texts = model.encode_text(open_clip.get_tokenizer("tiny-open-clip")(texts))
    caplog.clear()
    found = load_clip(str(folder))
    assert caplog.text == "", "nothing is said of weights that are read"
    torch.testing.assert_close(clip_image_embedding(found, image).values, wanted_pictures)
    torch.testing.assert_close(clip_text_embedding(found, "a red star\nblue").values, wanted_texts)
    file = folder / "open_clip_model.safetensors"
    torch.testing.assert_close(load_clip(str(file), "", "tiny-open-clip").embed_texts(texts).values, wanted_texts)
    with pytest.raises(NodeError, match="set architecture to its name, such as ViT-B-32"):
        load_clip(str(file))
    save_file({**model.state_dict(), "extra.weight": torch.zeros(1)}, folder / "more.safetensors")
    with pytest.raises(NodeError, match=r"more\.safetensors holds extra\.weight, which the network"):
        load_clip(str(folder / "more.safetensors"), architecture="tiny-open-clip")
    with pytest.raises(NodeError, match="no architecture of open_clip"):
        load_clip(str(file), "", "ViT-Nonsense")
    with pytest.raises(NodeError, match="does not fit its architecture"):
        load_clip(str(file), "", "ViT-S-32-alt")


def test_what_is_no_clip_is_a_sentence(tiny_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=r"holds Stable Diffusion 1 or 2.*; Load CLIP loads a CLIP"):
        load_clip(str(tiny_folder))
    with pytest.raises(NodeError, match="holds the text encoder CLIP alone, which the node Load text encoder loads"):
        load_clip(str(tiny_folder / "text_encoder"))
    (tmp_path / "cut.safetensors").write_bytes(b"no")
    with pytest.raises(NodeError, match="damaged or was cut short"):
        load_clip(str(tmp_path / "cut.safetensors"), "", "tiny-open-clip")
    with pytest.raises(NodeError, match="there is no model there"):
        load_clip("starter:nothing")


def test_reranking_puts_the_fitting_pictures_first(clip: CLIP) -> None:
    image = pictures(5)
    found = clip_rerank(clip, image, "red star", 2)
    cosines = clip_similarity(clip.embed_images(image), clip.embed_texts(["red star"])).scores.values[:, 0]
    order = sorted(range(5), key=lambda index: -cosines[index])
    assert torch.equal(found.image.pixels, image.pixels[order[:2]])
    torch.testing.assert_close(found.scores.values[:, 0], cosines)
    assert found.ranking.splitlines()[4] == f"image 5: {cosines[4]:.3f}"
    with pytest.raises(NodeError, match="best 6 of 5 images"):
        clip_rerank(clip, image, "red star", 6)


def test_slerp_goes_evenly_along_the_circle() -> None:
    start, end = torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[0.0, 2.0, 0.0]])
    quarter = slerp(start, end, 0.5)
    torch.testing.assert_close(quarter, torch.tensor([[1.0, 2.0, 0.0]]) * math.sin(math.pi / 4))
    walk = interpolate_embeddings(Embedding(start), Embedding(end / 2), 4, 0.0, 1.0).values
    angles = normalize(walk, dim=-1) @ start[0]
    torch.testing.assert_close(angles.acos(), torch.linspace(0, math.pi / 2, 4), atol=1e-3, rtol=0)
    torch.testing.assert_close(slerp(start, start, 0.3), start)


def test_a_walk_of_latents_begins_and_ends_where_it_says() -> None:
    start, end = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    walk = interpolate_latents(Latent(start), Latent(end), 3).samples
    torch.testing.assert_close(walk[[0, 2]], torch.cat([start, end]), atol=1e-5, rtol=1e-5)
    norms = walk.flatten(1).norm(dim=1)
    assert norms[1] == pytest.approx(16.0, rel=0.1), "noise stays as strong as noise"
    straight = interpolate_latents(Latent(start), Latent(end), 1, 0.25, 1.0, "straight").samples
    torch.testing.assert_close(straight, torch.lerp(start, end, 0.25))
    with pytest.raises(NodeError, match="one model and size"):
        interpolate_latents(Latent(start), Latent(end[:, :3]))
    with pytest.raises(NodeError, match="one image each"):
        interpolate_latents(Latent(walk), Latent(walk))


def test_a_text_difference_turns_a_vector_and_keeps_its_length() -> None:
    draw = torch.Generator().manual_seed(3)
    image, source, target = (Embedding(torch.randn(1, 8, generator=draw)) for _ in range(3))
    direction = normalize(normalize(target.values, dim=-1) - normalize(source.values, dim=-1), dim=-1)
    torch.testing.assert_close(text_difference(image, source, target, 0.0).values, image.values)
    full = text_difference(image, source, target, 1.0).values
    torch.testing.assert_close(normalize(full, dim=-1), direction)
    half = text_difference(image, source, target, 0.5).values
    torch.testing.assert_close(half.norm(), image.values.norm())
    assert (half @ direction.T) > (image.values @ direction.T)
    with pytest.raises(NodeError, match="say the same"):
        text_difference(image, source, source)
    with pytest.raises(NodeError, match="different models"):
        text_difference(image, Embedding(torch.ones(1, 4)), Embedding(torch.ones(1, 4)))
