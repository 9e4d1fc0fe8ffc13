"""The checker must know clean images and refuse captions that say something else."""

import numpy as np
import pytest

from training.data.scenes import Scene, draw
from training.evaluation import checker, silhouettes, truth
from training.evaluation.claims import Claims, parse


@pytest.fixture(scope="module")
def shares() -> tuple[dict[str, float], dict[str, float]]:
    return truth.measure(count=300, seed=5)


def test_clean_pictures_are_found_right(shares: tuple[dict[str, float], dict[str, float]]) -> None:
    assert shares[0]["all"] >= 0.99


def test_captions_with_one_attribute_changed_are_refused(shares: tuple[dict[str, float], dict[str, float]]) -> None:
    assert shares[1]["all"] >= 0.99


def test_noise_shows_no_subject() -> None:
    picture = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)
    assert checker.analyse(picture, silhouettes.load()).subject is None


def test_an_empty_background_is_named_and_shows_no_subject() -> None:
    finding = checker.analyse(np.full((64, 64, 3), 0.96, np.float32), silhouettes.load())
    assert (finding.background, finding.subject) == ("white", None)


def test_a_known_scene_is_described() -> None:
    scene = Scene("cat", "blue", "blue", "flat", "left", x=22.0, y=32.0, radius=18.5, tilt=4.0, gradient=0.03)
    finding = checker.analyse(draw(scene).astype(np.float32), silhouettes.load())
    assert (finding.subject, finding.colour, finding.background, finding.place) == ("cat", "blue", "blue", "left")


@pytest.mark.parametrize(
    ("caption", "claims"),
    [
        ("a red star on a blue background", Claims("star", "red", "blue")),
        ("red star, blue background", Claims("star", "red", "blue")),
        ("a flat yellow fish in front of a white background", Claims("fish", "yellow", "white")),
        ("on a black background, a purple moon", Claims("moon", "purple", "black")),
        ("a blue cup on the left, white background", Claims("cup", "blue", "white", "left")),
        ("On green, a violet kitten at the top!", Claims("cat", "purple", "green", "top")),
        ("a beautiful green leaf on grey", Claims("leaf", "green", "gray")),
        ("a blue boat on a blue background", Claims("boat", "blue", "blue")),
        ("a teapot", Claims(None, None, None)),
    ],
)
def test_claims_are_read_from_the_words(caption: str, claims: Claims) -> None:
    assert parse(caption) == claims
