"""A drawing's background is plain; grain and wide spots on it are measured in levels, each by its own figure."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data.scenes import Picture, Scene, draw
from training.evaluation.grain import grain, uneven

SCENE = Scene("star", "red", "gray", "outlined", "center", 32.0, 32.0, 21.0, 3.0, 0.04)


def written(folder: Path, picture: Picture) -> Path:
    path = folder / "picture.png"
    Image.fromarray((picture * 255).round().clip(0, 255).astype(np.uint8)).save(path)
    return path


@pytest.mark.parametrize("scale", [1, 4])
def test_a_drawing_has_no_more_than_its_rounding(tmp_path: Path, scale: int) -> None:
    path = written(tmp_path, draw(SCENE, scale))
    assert uneven(path) < 0.4
    assert grain(path) < 0.4


@pytest.mark.parametrize("scale", [1, 4])
def test_grain_is_measured_in_levels(tmp_path: Path, scale: int) -> None:
    picture = draw(SCENE, scale)
    path = written(tmp_path, picture + 3 / 255 * np.random.default_rng(1).standard_normal(picture.shape))
    assert grain(path) == pytest.approx(3, rel=0.1)
    assert uneven(path) == pytest.approx(3, rel=0.1)


def test_wide_spots_are_no_grain(tmp_path: Path) -> None:
    picture = draw(SCENE, 4)
    waves = np.sin(np.arange(len(picture)) / 12)
    path = written(tmp_path, picture + 4 / 255 * (waves[:, None] * waves)[..., None])
    assert grain(path) < 0.4
    assert uneven(path) == pytest.approx(2, rel=0.2)


def test_the_subject_does_not_count(tmp_path: Path) -> None:
    picture, noisy = draw(SCENE), draw(SCENE)
    noisy[24:40, 24:40] += 0.05 * np.random.default_rng(2).standard_normal((16, 16, 3))
    assert grain(written(tmp_path, noisy)) == grain(written(tmp_path, picture))
