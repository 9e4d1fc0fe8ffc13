"""Tests of what is seen of a model on pixels while it paints."""

import io

import numpy as np
import torch
from PIL import Image

from nodeflow.engine.previews.summaries import preview
from nodeflow.wires import Latent


def test_pixels_are_shown_in_their_own_colours() -> None:
    samples = torch.tensor([-1.5, 0.0, 0.6]).reshape(1, 3, 1, 1).repeat(1, 1, 4, 4)
    samples[..., 0, 0] = float("nan")
    with Image.open(io.BytesIO(preview(Latent(samples)))) as shown:
        seen = np.asarray(shown)
    assert seen[2, 2].tolist() == [0, 128, 204]
    assert seen.shape == (4, 4, 3)
