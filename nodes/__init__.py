"""The built-in pack: a room for each part of the pipeline, each node in it a plain typed function."""

ROOMS = (
    "loaders",
    "adapters",
    "conditioning",
    "denoisers",
    "guidance",
    "schedulers",
    "samplers",
    "latents",
    "images",
    "masks",
    "controls",
    "plane",
    "values",
)
"""The rooms that hold nodes, in the order an image passes through them: every module right in one is looked through."""

ROLES = {
    "change": ("nodes.change_guidance", "nodes.change_scheduler", "nodes.change_noise"),
    "finished": ("Image",),
    "load image": ("nodes.load_image",),
    "paint mask": ("nodes.painted_mask",),
    "seen": ("Image", "Latent", "Mask", "Sigmas", "Curve"),
    "steps": ("Trajectory",),
    "text encoder": ("TextEncoder",),
}
"""The nodes and wire types that the program asks for by role, as `nodeflow.graph.model.roles` explains them."""

HEAVY = (
    "transformers.models.clip.modeling_clip",
    "diffusers.models.unets.unet_2d_condition",
    "diffusers.models.autoencoders.autoencoder_kl",
    "diffusers.schedulers.scheduling_ddim",
)
"""What nodes import when they run, and what takes a moment: the worker imports it while nobody waits."""


def start_worker() -> None:
    """Prepare the process in which the nodes will run, before the first of them does."""
    from nodes.lean_imports import install

    install()
