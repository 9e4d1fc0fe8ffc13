"""The built-in pack: one file a station of the pipeline, each node a plain typed function."""

STATIONS = (
    "models",
    "lora",
    "clip",
    "unclip",
    "text",
    "noise",
    "schedule",
    "thresholding",
    "denoise",
    "deepfloyd",
    "controlnet",
    "upsample",
    "flow",
    "uvit",
    "gan",
    "guidance",
    "guidance_norm",
    "classifier",
    "clip_guidance",
    "inpaint",
    "sample",
    "invert",
    "finetune",
    "interpolate",
    "vae",
    "codes",
    "sequence",
    "masked",
    "upscale",
    "image",
    "masks",
    "controls",
    "lists",
    "measure",
    "reroute",
)
"""The modules of this pack that hold nodes, in the order a picture passes through them."""

HEAVY = (
    "transformers.models.clip.modeling_clip",
    "diffusers.models.unets.unet_2d_condition",
    "diffusers.models.autoencoders.autoencoder_kl",
    "diffusers.schedulers.scheduling_ddim",
)
"""What nodes import when they run, and what takes a moment: the worker imports it while nobody waits."""
