"""Other weights in files of Stable Diffusion than the networks that make images: those that may stay unread, and those
that say that a file is another model. Patterns that names begin with, or hold.
"""

from __future__ import annotations

from collections.abc import Mapping

from nodes.loaders.read.training_leftovers import AVERAGES, BUFFERS

PARTS = r"(model\.diffusion_model|first_stage_model|cond_stage_model|conditioner|text_encoders|control_model)\."
"""The parts of a whole model, for those who load one of them."""
IGNORABLE = (
    BUFFERS,
    AVERAGES,
    r".*\.position_ids$",
    r".*\.logit_scale$",
    r"(cond_stage_model|conditioner\.embedders\.0)\.(transformer\.|model\.)?text_projection(\.weight)?$",
    r"(control_model|depth_model)\.",
)
"""For a whole model: buffers, averages; counters of places, and what compares texts with images in CLIP; a ControlNet
or an estimator of depth beside it, which do nothing to the model itself."""
OTHERS: Mapping[str, str] = {
    r"^(noise_augmentor|embedder\.model\.visual)\.": "Stable Diffusion 2.1 unCLIP, led by the CLIP vector of an image",
    r"^low_scale_model\.|diffusion_model\.label_emb\.weight$": "the x4 upscaler of Stable Diffusion 2",
    r"diffusion_model\..*\.time_stack\.|first_stage_model\..*\.time_mix": "Stable Video Diffusion, which paints films",
    r"motion_modules\.": "a Stable Diffusion with motion modules (AnimateDiff), which paints films",
    r"^cc_projection\.": "Zero-1-to-3, led by an image and a camera",
    r"\.position_net\.|\.fuser\.": "a Stable Diffusion with GLIGEN, led by boxes",
}
"""What a file truly is, by a mark in the names of its weights."""
