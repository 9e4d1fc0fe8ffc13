"""Texts with reference images: by the text encoder that sees them, or as latents beside the text."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Outputs, Ref
from nodes.comfyui.export.loaders import family_of, family_of_network
from nodes.comfyui.export.registry import exports, taken
from nodes.comfyui.placeholders import CLASS
from nodes.comfyui.references import METHOD, OLDER

SIZES = "reference images are encoded as large as they are; scale them before where that is too large"
MOST_SEEN = 3
FRAMED: dict[str, tuple[str, dict[str, Any]]] = {
    "Qwen-Image 2.1": ("TextEncodeQwenImage21", {"negative_prompt": "", "resolution": 1024}),
    "Mage-Flow": ("TextEncodeMageFlowEdit", {"negative_prompt": "", "width": 1024, "height": 1024, "batch_size": 1}),
}
"""Classes that frame a text in another way than *CLIPTextEncode*, with images and without, by families."""
taken("reference_image", "load_redux")


@exports("edit_conditioning")
def edited(exporter: GraphExporter, name: str) -> Outputs:
    """A text with its references, and as it was told how these are told apart."""
    found = _edited(exporter, name)
    if told := exporter.kept(name, METHOD):
        about = {"conditioning": found["conditioning"], "reference_latents_method": told}
        return {"conditioning": exporter.add("FluxKontextMultiReferenceLatentMethod", **about)}
    return found


def _edited(exporter: GraphExporter, name: str) -> Outputs:
    clip, words = exporter.wire(name, "text_encoder"), exporter.value(name, "text")
    links = exporter.workflow.links.values()
    slots = sorted(link.slot for link in links if (link.target, link.input) == (name, "references"))
    shown = [_reference(exporter, name, slot) for slot in slots]
    if not shown:
        return {"conditioning": _without_images(exporter, name, clip, words)}
    family = family_of_network(exporter, shown[0])
    exporter.note(SIZES)
    images = [exporter.wire(one, "image") for one in shown]
    vae = exporter.wire(shown[0], "vae")
    if exporter.kept(name, CLASS) == OLDER and len(images) == 1:
        return {"conditioning": exporter.add(OLDER, clip=clip, vae=vae, prompt=words, image=images[0])}
    if family == "Qwen-Image" and len(images) <= MOST_SEEN:
        about = {f"image{at}": image for at, image in enumerate(images, 1)}
        return {"conditioning": exporter.add("TextEncodeQwenImageEditPlus", clip=clip, vae=vae, prompt=words, **about)}
    if family == "Qwen-Image 2.1":
        about = {f"images.image_{at}": image for at, image in enumerate(images, 1)}
        given = {"clip": clip, "vae": vae, "prompt": words, "negative_prompt": "", "resolution": 1024}
        return {"conditioning": exporter.add("TextEncodeQwenImage21", **given, **about)}
    ref = exporter.add("CLIPTextEncode", clip=clip, text=words)
    for one, image in zip(shown, images, strict=True):
        latent = exporter.shared("VAEEncode", pixels=image, vae=exporter.wire(one, "vae"))
        ref = exporter.add("ReferenceLatent", conditioning=ref, latent=latent)
    return {"conditioning": ref}


def _without_images(exporter: GraphExporter, name: str, clip: Ref, words: Any) -> Ref:
    """A text that could have images, by the class that is for them where a family has one."""
    source = exporter.source(name, "text_encoder")
    family = family_of(exporter, source.source) if source is not None else ""
    given = FRAMED.get(family)
    if given is None:
        return exporter.add("CLIPTextEncode", clip=clip, text=words)
    kind, values = given
    return exporter.add(kind, clip=clip, prompt=words, **values)


def _reference(exporter: GraphExporter, name: str, slot: int) -> str:
    link = exporter.source(name, "references", slot)
    if link is None or exporter.kind(link.source) != "reference_image":
        raise CannotExportError("its references do not come from Reference image")
    exporter.take(link.source)
    return link.source


@exports("redux_conditioning")
def redux(exporter: GraphExporter, name: str) -> Outputs:
    """An image as a prompt: the style model and the network that sees are a loader each in ComfyUI."""
    model = exporter.node_at(name, "redux")
    if exporter.kind(model) != "load_redux" or not exporter.plain(model, "image_encoder"):
        raise CannotExportError("its model is not one of two files")
    seen = exporter.shared("CLIPVisionLoader", clip_name=exporter.plain(model, "image_encoder"))
    image = exporter.shared("CLIPVisionEncode", clip_vision=seen, image=exporter.wire(name, "image"), crop="none")
    ref = exporter.add(
        "StyleModelApply",
        conditioning=exporter.wire(name, "conditioning"),
        style_model=exporter.shared("StyleModelLoader", style_model_name=exporter.plain(model, "model")),
        clip_vision_output=image,
        strength=exporter.value(name, "strength"),
        strength_type="multiply",
    )
    return {"conditioning": ref}
