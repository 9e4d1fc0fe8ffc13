"""Z-Image's ControlNets (the Fun union, 1.0 to 2.1): blocks beside the transformer, whose entrance they use."""

from __future__ import annotations

import copy
from typing import Any

import torch

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers

LAYERS, REFINERS = 30, 2
"""Of the transformer, through which the ControlNet's are spread evenly, and before it."""


PLAIN = 16
"""Channels of what the first version is shown; the second sees a mask and what is known for inpainting too."""
REFINER = "control_noise_refiner."
ATTENTION = {"out": "to_out.0", "q_norm": "norm_q", "k_norm": "norm_k"}
"""Original names of an attention's parts, and diffusers'."""
IN, OUT = f"{REFINER}0.before_proj.weight", "control_all_x_embedder.2-1.weight"


def refined(weights: Weights) -> str | None:
    """What brings the control to the image before the text joins: 2.0 does it by its layers, whose file has a refiner
    that does nothing; 2.1 by a refiner of its own."""
    if weights[OUT].shape[1] // 4 <= PLAIN:
        return None
    idle = bool((weights[IN] == 0).all()) if IN in weights else not any(name.startswith(REFINER) for name in weights)
    return "control_layers" if idle else "control_noise_refiner"


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or the original ones, without a refiner that does nothing."""
    idle = refined(weights) == "control_layers"
    found: Weights = {}
    for name, value in weights.items():
        if idle and name.startswith(REFINER):
            continue
        if ".attention.qkv." in name:
            parts = zip("qkv", value.chunk(3), strict=True)
            found |= {name.replace(".qkv.", f".to_{letter}."): part for letter, part in parts}
            continue
        for old, new in ATTENTION.items():
            name = name.replace(f".attention.{old}.", f".attention.{new}.")
        found[name] = value
    return found


def shape(weights: Weights) -> dict[str, Any]:
    """Of `ZImageControlNetModel`."""
    dim, cells = weights[OUT].shape
    head = len(weights["control_layers.0.attention.norm_q.weight"])
    layers, way = count_layers(weights, "control_layers"), refined(weights)
    own = count_layers(weights, "control_noise_refiner") if way != "control_layers" else REFINERS
    return {
        "control_layers_places": list(range(0, LAYERS, max(LAYERS // layers, 1)))[:layers],
        "control_refiner_layers_places": list(range(own)) if way else None,
        "control_in_dim": cells // 4,
        "add_control_noise_refiner": way,
        "dim": dim,
        "n_refiner_layers": own,
        "n_heads": dim // head,
        "n_kv_heads": len(weights["control_layers.0.attention.to_k.weight"]) // head,
    }


def beside(control: torch.nn.Module, transformer: torch.nn.Module) -> Any:
    """The ControlNet with the transformer's entrance as its own; neither of the two is changed."""
    twin: Any = copy.copy(control)
    twin._modules, twin._parameters = dict(control._modules), dict(control._parameters)
    return type(twin).from_transformer(twin, transformer)


IDLE = (
    r"control_noise_refiner\.[01]\.(before_proj|after_proj|attention_norm[12]|ffn_norm[12]|feed_forward\.w[123]"
    r"|adaLN_modulation\.0|attention\.(qkv|out|q_norm|k_norm|to_[qkv]|to_out\.0|norm_[qk]))\.(weight|bias)$"
)
"""The weights of a refiner, which do nothing in 2.0; all others have a place for them."""
CONTROL = Architecture("diffusers", "ZImageControlNetModel", shape, names, ignorable=(IDLE,))
