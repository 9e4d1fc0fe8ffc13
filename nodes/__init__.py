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

_NETWORKS = "transformers.modeling_utils", "diffusers.models.modeling_utils"
_CLIP = "transformers.models.clip.modeling_clip"
_UNET = "diffusers.models.unets.unet_2d_condition"
_VAE = "diffusers.models.autoencoders.autoencoder_kl"
HEAVY = {
    "nodes.load_latent_diffusion": (_CLIP, _UNET, _VAE),
    "nodes.load_model": _NETWORKS,
    "nodes.load_diffusion_model": _NETWORKS[1:],
    "nodes.load_text_encoder": _NETWORKS[:1],
    "nodes.load_vae": (_VAE,),
    "nodes.load_dit": (_VAE, "diffusers.models.transformers.dit_transformer_2d"),
    "nodes.load_ddpm": ("diffusers.models.unets.unet_2d",),
    "nodes.scheduler": ("diffusers.schedulers.scheduling_ddim",),
}
"""What nodes import when they run, and what takes a moment, by type: the worker imports it for the document that a
person looks at, while nobody waits."""


def start_worker() -> None:
    """Prepare the process in which the nodes will run, before the first of them does."""
    from nodes.lean_imports import install

    install()
