"""Types of outputs that a flat workflow does not say: what takes them tells, by the names of its inputs."""

from __future__ import annotations

from nodeflow.graph.io.comfyui.prompt import FlatPrompt, OutputPlace

BY_INPUT = {
    **dict.fromkeys(("model", "model1", "model2", "model_opt", "opt_model"), "MODEL"),
    **dict.fromkeys(("clip", "clip1", "clip2", "opt_clip"), "CLIP"),
    **dict.fromkeys(("vae", "optional_vae", "vae_opt"), "VAE"),
    **dict.fromkeys(("positive", "negative", "conditioning", "conditioning_1", "conditioning_2"), "CONDITIONING"),
    **dict.fromkeys(("conditioning_to", "conditioning_from", "cond1", "cond2"), "CONDITIONING"),
    **dict.fromkeys(("latent_image", "samples", "samples1", "samples2", "latent"), "LATENT"),
    **dict.fromkeys(("image", "images", "image1", "image2", "pixels"), "IMAGE"),
    **dict.fromkeys(("mask", "masks"), "MASK"),
    "control_net": "CONTROL_NET",
    "upscale_model": "UPSCALE_MODEL",
    "clip_vision": "CLIP_VISION",
    "clip_vision_output": "CLIP_VISION_OUTPUT",
    "style_model": "STYLE_MODEL",
    "sigmas": "SIGMAS",
    "sampler": "SAMPLER",
    "guider": "GUIDER",
    "noise": "NOISE",
}
"""What ComfyUI and nearly all packs call an input of a type."""
MOST = 64
"""Outputs of one node."""
ANY = "*"


def infer_kinds(prompt: FlatPrompt) -> None:
    """Give the nodes whose outputs are not known those that are taken of them."""
    found: dict[str, dict[int, str]] = {}
    for node in prompt.nodes.values():
        for key, value in node.inputs.items():
            if isinstance(value, OutputPlace) and 0 <= value.slot < MOST and not prompt.nodes[value.node].outputs:
                slots = found.setdefault(value.node, {})
                if slots.get(value.slot, ANY) == ANY:
                    slots[value.slot] = BY_INPUT.get(key, ANY)
    for id, slots in found.items():
        prompt.nodes[id].outputs = tuple(slots.get(at, ANY) for at in range(max(slots) + 1))
