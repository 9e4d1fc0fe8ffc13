"""Tests of what a CLIP is shown between drawings and beside them."""

import numpy as np
import torch
from torch.nn.functional import normalize

from training.data.between_pictures import REACH, away, family, misled, weights
from training.data.scenes import random_scene


def test_a_family_differs_from_its_scene_in_one_thing_each() -> None:
    scene, *others = family(random_scene(np.random.default_rng(1)), np.random.default_rng(2))
    for other in others:
        names = ("subject", "colour", "background", "style", "place")
        assert sum(getattr(scene, name) != getattr(other, name) for name in names) == 1


def test_a_quarter_is_drawn_and_the_others_are_mixed() -> None:
    found = weights(40, 6, np.random.default_rng(3))
    assert torch.allclose(found.sum(1), torch.ones(40))
    assert ((found > 0).sum(1) == 1)[::4].all()
    assert ((found > 0).sum(1) > 1).sum() == 30


def test_a_misleading_change_is_short_and_leads_away() -> None:
    seed = torch.Generator().manual_seed(4)
    encode = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 8)).requires_grad_(False)
    pictures = torch.randn(6, 3, 4, 4, generator=seed)
    wanted, reach = normalize(encode(pictures), dim=-1), torch.full((6, 1, 1, 1), REACH)
    reach[0] = 0
    changed = misled(encode, pictures, wanted, reach, seed)
    lengths = (changed - pictures).flatten(1).norm(dim=1)
    assert lengths[0] == 0
    assert (lengths[1:] <= REACH + 1e-4).all()
    assert (away(encode(changed), wanted)[1:] > 0.1).all()
