"""What writes which node, and why the others are not written."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.script.clip import CLIPS
from nodes.script.codebooks import CODEBOOKS
from nodes.script.codes import CODES
from nodes.script.controls import CONTROLS
from nodes.script.denoisers import DENOISERS
from nodes.script.families_in_stages import STAGE_NODES
from nodes.script.family_nodes import FAMILY_NODES
from nodes.script.guidance import GUIDANCE
from nodes.script.hints import HINTS
from nodes.script.image_prompts import IMAGE_PROMPTS
from nodes.script.images import IMAGES
from nodes.script.latents import LATENTS
from nodes.script.layers import LAYERS
from nodes.script.lists import LISTS
from nodes.script.loaders import LOADERS
from nodes.script.looking import LOOKING
from nodes.script.loras import LORAS
from nodes.script.noise import NOISE
from nodes.script.noise_masks import NOISE_MASKS
from nodes.script.own_networks import OWN_NETWORKS
from nodes.script.plane import PLANE
from nodes.script.samplers import SAMPLERS
from nodes.script.schedulers import SCHEDULERS
from nodes.script.sigmas import SIGMAS
from nodes.script.teaching import TEACHING
from nodes.script.texts import TEXTS
from nodes.script.writer import Function

GROUPS = (
    LOADERS,
    TEXTS,
    CLIPS,
    DENOISERS,
    CONTROLS,
    LORAS,
    GUIDANCE,
    SCHEDULERS,
    SIGMAS,
    NOISE,
    SAMPLERS,
    LATENTS,
    LAYERS,
    CODES,
    IMAGES,
    LISTS,
    OWN_NETWORKS,
    FAMILY_NODES,
    HINTS,
    IMAGE_PROMPTS,
    STAGE_NODES,
    TEACHING,
    PLANE,
    CODEBOOKS,
    LOOKING,
    NOISE_MASKS,
)
FUNCTIONS: Mapping[str, Function] = {kind: function for group in GROUPS for kind, function in group.items()}
DRAWN = "draws what nodeflow finds in numbers, which is no image of a model"
REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "adapter_spectrum",
            "learned_variance",
            "loss_over_t",
        ),
        DRAWN,
    ),
}
