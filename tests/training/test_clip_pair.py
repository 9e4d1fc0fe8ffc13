"""The exported CLIP pair knows what fits, and its folder is one that transformers reads."""

import pytest
import torch

from training.cards import clip_card
from training.data.scenes import Scene
from training.models.clip import FOLDER, attribute_codes, contrastive_loss, fitting


@pytest.fixture(scope="module")
def judge() -> clip_card.Judge:
    return clip_card.Judge()


def test_captions_find_their_pictures(judge: clip_card.Judge) -> None:
    found = clip_card.retrieval(judge, count=100, seed=8)
    assert found["text_to_picture"] >= 0.97
    assert found["picture_to_text"] >= 0.97


def test_a_caption_with_one_attribute_changed_is_farther_away(judge: clip_card.Judge) -> None:
    assert clip_card.telling_apart(judge, count=100, seed=8)["told_apart"] >= 0.98


def test_a_text_fits_every_picture_that_has_all_it_tells() -> None:
    star = Scene("star", "red", "blue", "flat", "center", x=32, y=32, radius=21, tilt=0, gradient=0.02)
    codes = attribute_codes([star, Scene(**{**vars(star), "background": "white"})])
    told = torch.tensor([[True, True, True, True, False], [True, True, False, True, False]])
    assert fitting(codes[[0, 0]], told, codes).tolist() == [[True, False], [True, True]]


def test_the_loss_is_least_where_all_that_fits_is_near() -> None:
    fits = torch.tensor([[True, True, False], [False, False, True]])
    right = contrastive_loss(20.0 * fits.float(), fits)
    assert right < contrastive_loss(torch.zeros(2, 3), fits) < contrastive_loss(-20.0 * fits.float(), fits)


def test_the_folder_tells_nothing_of_the_machine_it_was_made_on() -> None:
    for path in FOLDER.rglob("*.json"):
        assert "latent-diffusion" not in path.read_text(), path
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.safetensors")) < 8e6
