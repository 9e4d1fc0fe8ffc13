"""How an image or its latent is enlarged between two passes."""

from __future__ import annotations

from nodeflow.graph.io.image_settings.settings import ImageSettings, SecondPass
from nodeflow.graph.io.import_report import ModelRow
from nodes.comfyui.builder import Builder
from nodes.comfyui.meanings import Wire
from nodes.image_settings.models import looked_up

CELL = 8
LATENT = {
    "latent": "bilinear",
    "latent (antialiased)": "bilinear",
    "latent (bicubic)": "bicubic",
    "latent (bicubic antialiased)": "bicubic",
    "latent (nearest)": "nearest-exact",
    "latent (nearest-exact)": "nearest-exact",
    **{f"latent {name}": name for name in ("nearest-exact", "bilinear", "bicubic", "area")},
    "latent nearest": "nearest-exact",
    "latent bilinear antialias": "bilinear",
    "latent bicubic antialias": "bicubic",
    "latent-bilinear": "bilinear",
    "latent-bicubic": "bicubic",
    "latent-nearest-exact": "nearest-exact",
    "latent-area": "area",
    "latent-bislerp": "bislerp",
}
PIXELS = {
    "lanczos": "lanczos",
    "nearest": "nearest-exact",
    "nearest-exact": "nearest-exact",
    "none": "nearest-exact",
    "bicubic": "bicubic",
    "bilinear": "bilinear",
    "area": "area",
}
"""Ways without a network, by other programs' names."""


def size_of(second: SecondPass, settings: ImageSettings) -> tuple[int, int]:
    """Return the size of the second pass in pixels, in whole cells."""
    width, height = second.width, second.height
    if width or height:  # a side of 0 follows from the other
        width = width or height * settings.width // max(settings.height, 1)
        height = height or width * settings.height // max(settings.width, 1)
    else:
        scale = second.scale or 2.0
        width, height = int(settings.width * scale), int(settings.height * scale)
    return max(width // CELL, 1) * CELL, max(height // CELL, 1) * CELL


def enlarged(
    build: Builder, second: SecondPass, settings: ImageSettings, latent: Wire, vae: Wire
) -> tuple[Wire, list[str], ModelRow | None]:
    """Build what enlarges a latent; gives its wire, in what it is not exact, and the network's line of the report."""
    width, height = size_of(second, settings)
    crop = {} if width * settings.height == height * settings.width else {"crop": "centre"}
    name = (second.upscaler or "Latent").strip()
    if method := LATENT.get(name.lower()):
        wire = build.node(
            "scale_latent", "enlarged", latent=latent, width=width // CELL, height=height // CELL, method=method, **crop
        )
        return wire, ["it is enlarged without antialiasing"] if "antialias" in name else [], None
    image, row = build.node("vae_decode", "first_image", vae=vae, latent=latent), None
    method = PIXELS.get(name.lower(), "")
    if not method:
        told, row = looked_up(name, "", "upscale_models", "upscaler")
        network = build.node("load_upscaler", "upscaler", model=told)
        image, method = build.node("upscale_image", "upscaled", upscaler=network, image=image), "lanczos"
    image = build.node("scale_image", "resized", image=image, width=width, height=height, method=method, **crop)
    return build.node("vae_encode", "encode", vae=vae, image=image), [], row
