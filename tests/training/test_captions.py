"""Captions are the same for the same seed and tell no more than the scene shows."""

import numpy as np

from training.data.captions import write
from training.data.scenes import random_scene
from training.evaluation.claims import parse
from training.evaluation.evaluate import CHOOSING_SEED, HELD_OUT_SEED, fresh_captions


def test_captions_depend_on_the_seed_alone() -> None:
    assert fresh_captions(3, 50) == fresh_captions(3, 50)
    assert fresh_captions(3, 50) != fresh_captions(4, 50)
    assert CHOOSING_SEED != HELD_OUT_SEED


def test_what_a_caption_tells_is_what_its_words_claim() -> None:
    rng = np.random.default_rng(2)
    for _ in range(500):
        scene = random_scene(rng)
        caption = write(scene, rng)
        claims = parse(caption.text)
        assert (claims.subject, claims.place) == (scene.subject, scene.place), caption
        assert claims.colour == (scene.colour if "colour" in caption.told else None), caption
        assert claims.background == (scene.background if "background" in caption.told else None), caption
