"""Shift of flow matching: how far a model moves its noise levels towards noise."""

from __future__ import annotations

import math
from typing import Annotated

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import TrainedSchedule
from nodes.schedulers.sigmas.noise_table import is_flow

BY_SIZE = "use_dynamic_shifting", "image_tokens", "shift_terminal"
MIN_TOKENS, MAX_TOKENS = 256, 4096
"""The tokens of an image of 256 and of 1024 pixels' side."""


@node("Shift of noise levels")
def flow_shift(trained: TrainedSchedule, shift: Annotated[float, Range(0.01, 100, 0.01)] = 3.0) -> TrainedSchedule:
    """Moves a model's noise levels towards noise by a number: s becomes shift s / (1 + (shift - 1) s).

    1 leaves them even. Larger images need more: Stable Diffusion 3 takes 3, Qwen-Image 3.1, Lumina 6.

    Fails for models that were not trained by flow matching.
    Paper: Esser et al. 2024 (arXiv:2403.03206), eq. 23.
    """
    config = {name: value for name, value in _flow(trained).items() if name not in BY_SIZE}
    return TrainedSchedule({**config, "shift": shift})


@node("Shift of noise levels by size")
def flow_shift_by_size(
    trained: TrainedSchedule,
    width: Annotated[int, Range(16, 16384, 16)] = 1024,
    height: Annotated[int, Range(16, 16384, 16)] = 1024,
    base_shift: Annotated[float, Range(0, 100, 0.01)] = 0.5,
    max_shift: Annotated[float, Range(0, 100, 0.01)] = 1.15,
) -> TrainedSchedule:
    """Moves a model's noise levels towards noise as FLUX does: the larger the image, the further.

    The shift is e to a number that grows evenly with the image's area, from ``base_shift`` at 256 x 256 to
    ``max_shift`` at 1024 x 1024, and on beyond.

    Fails for models that were not trained by flow matching.
    """
    config = {name: value for name, value in _flow(trained).items() if name not in BY_SIZE}
    shifts = {
        "base_shift": base_shift,
        "max_shift": max_shift,
        "base_image_seq_len": MIN_TOKENS,
        "max_image_seq_len": MAX_TOKENS,
    }
    tokens = math.ceil(width * height / 256)
    return TrainedSchedule({**config, **shifts, "use_dynamic_shifting": True, "image_tokens": tokens})


def _flow(trained: TrainedSchedule) -> dict[str, object]:
    if not is_flow(trained):
        raise NodeError("this model was trained as a diffusion, whose noise levels are not shifted; take one of flow")
    return dict(trained.config)
