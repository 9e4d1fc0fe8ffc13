"""A drawing's background is plain; grain and wide spots on it are measured in levels, each by its own figure."""

import numpy as np
import pytest

from training.data.scenes import Scene, draw
from training.evaluation.grain import grain, uneven

SCENE = Scene("star", "red", "gray", "outlined", "center", 32.0, 32.0, 21.0, 3.0, 0.04)


@pytest.mark.parametrize("scale", [1, 4])
def test_a_drawing_has_no_more_than_its_rounding(scale: int) -> None:
    picture = draw(SCENE, scale)
    assert uneven(picture) < 0.4
    assert grain(picture) < 0.4


@pytest.mark.parametrize("scale", [1, 4])
def test_grain_is_measured_in_levels(scale: int) -> None:
    picture = draw(SCENE, scale)
    picture = picture + 3 / 255 * np.random.default_rng(1).standard_normal(picture.shape)
    assert grain(picture) == pytest.approx(3, rel=0.1)
    assert uneven(picture) == pytest.approx(3, rel=0.1)


def test_wide_spots_are_no_grain() -> None:
    picture = draw(SCENE, 4)
    waves = np.sin(np.arange(len(picture)) / 12)
    picture = picture + 4 / 255 * (waves[:, None] * waves)[..., None]
    assert grain(picture) < 0.4
    assert uneven(picture) == pytest.approx(2, rel=0.2)


def test_the_subject_does_not_count() -> None:
    picture, noisy = draw(SCENE), draw(SCENE)
    noisy[24:40, 24:40] += 0.05 * np.random.default_rng(2).standard_normal((16, 16, 3))
    assert grain(noisy) == grain(picture)
