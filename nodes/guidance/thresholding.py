"""Thresholding: keeping predicted images within their range."""

from __future__ import annotations

from typing import Annotated, Literal

from nodeflow.node import Slider, node
from nodeflow.wires import TrainedSchedule


@node("Thresholding")
def thresholding(
    trained: TrainedSchedule,
    kind: Literal["none", "static", "dynamic"] = "dynamic",
    percentile: Annotated[float, Slider(0.5, 1, 0.005)] = 0.95,
    largest: Annotated[float, Slider(1, 100, 0.5)] = 100.0,
) -> TrainedSchedule:
    """Says what happens at each step to foreseen pixels that lie outside of -1 to 1.

    A large guidance scale pushes the foreseen image out of its range, further at each step.

    - none: it stays as it is
    - static: what lies outside is cut off, so that colours saturate and detail drowns in them
    - dynamic: what lies beyond a threshold is cut off, then everything is divided by it. The threshold is the
      ``percentile`` of the absolute values of each image (0.995 in the paper, 0.95 in DeepFloyd IF), at least 1 and
      at most ``largest``. Colours stay natural at scales that static thresholding cannot take

    It goes between a model's ``schedule`` and the scheduler, is for models on pixels, and works with DDIM, DDPM, LCM,
    UniPC and the DPM++ methods. DDIM goes on in the direction of before the cut, and much guidance breaks its images
    all the same; DDPM and the DPM++ methods start anew from the foreseen image.

    Paper: Saharia et al. 2022, Imagen (arXiv:2205.11487), section 2.3.
    """
    changes = {
        "clip_sample": False,
        "thresholding": kind != "none",
        "dynamic_thresholding_ratio": percentile,
        "sample_max_value": 1.0 if kind == "static" else largest,  # a threshold that never rises above 1 is static
    }
    return TrainedSchedule({**trained.config, **changes})
