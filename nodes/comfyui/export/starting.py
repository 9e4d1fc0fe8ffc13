"""What samplers start from: a latent, or zeros of a size, and the seed of their noise."""

from __future__ import annotations

from typing import Any

from nodeflow.graph.model.workflow import upstream
from nodes.comfyui.cascade import COMPRESSION
from nodes.comfyui.export import image_layers
from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Outputs, Ref
from nodes.comfyui.export.guidance import GuidedModel
from nodes.comfyui.export.registry import exports
from nodes.comfyui.latents import EMPTY as KINDS
from nodes.comfyui.placeholders import CLASS

EMPTY = {
    "unet_denoiser": "EmptyLatentImage",
    "flux_denoiser": "EmptySD3LatentImage",
    "joint_denoiser": "EmptySD3LatentImage",
    "network_denoiser": "EmptySD3LatentImage",
    "flow_map_denoiser": "EmptySD3LatentImage",
}
EMPTY_OF = {
    "FLUX.2": "EmptyFlux2LatentImage",
    "FLUX.2 Klein": "EmptyFlux2LatentImage",
    "HunyuanImage": "EmptyHunyuanImageLatent",
}
"""The same by families."""
OF_STAGES = {"Stable Cascade": 0, "Stable Cascade B": 1}
"""Families that paint one of two latents, which ComfyUI makes by one node."""
OF_FAMILIES = ("network_denoiser", "flow_map_denoiser")
"""Denoisers of all families."""
BESIDE = ("inpainting_denoiser", "edit_denoiser")
"""Denoisers whose networks see an image beside the latent, which stands on the texts in ComfyUI."""
ENCODE, GROW = "vae_encode", "grow_mask"


def latent_of(exporter: GraphExporter, name: str, noise: str, guided: GuidedModel) -> Ref:
    if guided.mask is not None and (grown := _grown(exporter, name)) is not None:
        return grown
    given = exporter.maybe(name, "latent")
    if given is not None:
        given = _indexed(exporter, name, noise, given)
    if given is None and exporter.kind(noise) == image_layers.NOISE:
        return image_layers.zeros(exporter, noise)
    if given is None:
        width, height = (exporter.value(noise, side) for side in ("width", "height"))
        if not width or not height:
            raise CannotExportError(f"ComfyUI needs width and height of the image; set them at {noise}")
        about = {"width": width, "height": height, "batch_size": exporter.value(noise, "batch")}
        if guided.family in OF_STAGES:
            given = exporter.shared("StableCascade_EmptyLatentImage", **about, compression=COMPRESSION)
            given = given.other(OF_STAGES[guided.family])
        else:
            given = exporter.shared(_kept(exporter, noise) or _empty(guided), **about)
    if guided.mask is not None:
        given = exporter.shared("SetLatentNoiseMask", samples=given, mask=guided.mask)
    return given


def _indexed(exporter: GraphExporter, name: str, noise: str, latent: Ref) -> Ref:
    """A latent that says itself whose noise it has, as those taken out of a batch do."""
    said = str(exporter.plain(noise, "batch_index") or "") if exporter.kind(noise) == "noise_stream" else ""
    if not said:
        return latent
    index = said.replace(",", " ").split()
    if len(set(index)) == 1 and len(index) > 1:
        return exporter.shared("LatentBatchSeedBehavior", samples=latent, seed_behavior="fixed")
    before = upstream(exporter.workflow.incoming(), [name])
    if not any(exporter.kind(one) in ("pick_latent", "batch_latents") for one in before):
        raise CannotExportError("a batch index of its noise has no counterpart in a sampler of ComfyUI's")
    return latent


def _kept(exporter: GraphExporter, name: str) -> str:
    """The class of zeros that a file had."""
    kind = exporter.kept(name, CLASS)
    return kind if kind in KINDS else ""


def _empty(guided: GuidedModel) -> str:
    """The class of zeros that a family's latents are."""
    if guided.denoiser in (*OF_FAMILIES, *BESIDE):
        return EMPTY_OF.get(guided.family, EMPTY["network_denoiser" if guided.family else "unet_denoiser"])
    return EMPTY[guided.denoiser]


def _grown(exporter: GraphExporter, name: str) -> Ref | None:
    """An image encoded with a mask that is grown squarely, which is one node in ComfyUI."""
    guider, link = exporter.node_at(name, "guider"), exporter.source(name, "latent")
    mask = exporter.source(guider, "mask")
    if link is None or mask is None or (exporter.kind(link.source), exporter.kind(mask.source)) != (ENCODE, GROW):
        return None
    if exporter.plain(mask.source, "corners") != "square":
        return None
    about = {"pixels": exporter.wire(link.source, "image"), "vae": exporter.wire(link.source, "vae")}
    about |= {"mask": exporter.wire(mask.source, "mask"), "grow_mask_by": exporter.value(mask.source, "pixels")}
    return exporter.shared("VAEEncodeForInpaint", **about)


def seed_of(exporter: GraphExporter, noise: str) -> tuple[Any, bool]:
    """The seed, and whether noise is added. Noise of other streams is told."""
    kind = exporter.kind(noise)
    if kind == image_layers.NOISE:
        return exporter.value(noise, "seed"), True
    if kind == "gaussian_noise":
        if exporter.plain(noise, "batch") != 1:
            exporter.note("only the first image of the batch starts from the same noise in ComfyUI")
        return exporter.value(noise, "seed"), True
    if kind != "noise_stream":
        raise CannotExportError(f"its noise, {noise}, has no counterpart in ComfyUI")
    stream = exporter.plain(noise, "stream")
    if stream not in ("one for the batch", "a seed an image"):
        exporter.note(f"ComfyUI draws the noise on the CPU, not by {stream}: the image is another one")
    if exporter.plain(noise, "from_width") and exporter.plain(noise, "from_height"):
        exporter.note("ComfyUI lays no noise of another size in the middle: the image is another one")
    large = str(exporter.plain(noise, "large_seed") or "")
    return int(large) if large.isdigit() else exporter.value(noise, "seed"), bool(exporter.plain(noise, "add_noise"))


@exports("empty_latent")
def empty_latent(exporter: GraphExporter, name: str) -> Outputs:
    about = {"width": exporter.value(name, "width"), "height": exporter.value(name, "height")}
    kind = _kept(exporter, name) or "EmptyLatentImage"
    return {"latent": exporter.add(kind, **about, batch_size=exporter.value(name, "batch"))}
