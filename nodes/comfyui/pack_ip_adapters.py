"""IP-Adapters of the pack that has them for ComfyUI: loaders, presets, and what leads a model by images."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.image_prompts import ImageEncoder
from nodes.comfyui.meanings import CannotTranslateError, Model, Over, Wire
from nodes.comfyui.model_families import of_file, of_unets
from nodes.comfyui.registry import Outputs, translates

XL = "Stable Diffusion XL"
VIT_H, VIT_G = "CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors", "CLIP-ViT-bigG-14-laion2B-39B-b160k.safetensors"
PRESETS: dict[str, tuple[str, str]] = {
    "LIGHT": ("ip-adapter_sd15_light.safetensors", ""),
    "STANDARD": ("ip-adapter_sd15.safetensors", "ip-adapter_sdxl_vit-h.safetensors"),
    "VIT-G": ("ip-adapter_sd15_vit-G.safetensors", "ip-adapter_sdxl.safetensors"),
    "PLUS": ("ip-adapter-plus_sd15.safetensors", "ip-adapter-plus_sdxl_vit-h.safetensors"),
    "PLUS FACE": ("ip-adapter-plus-face_sd15.safetensors", "ip-adapter-plus-face_sdxl_vit-h.safetensors"),
    "FULL FACE": ("ip-adapter-full-face_sd15.safetensors", ""),
}
"""Files of the presets by their beginnings, for Stable Diffusion 1 and XL."""
WEIGHTS = {
    "original": "linear",
    "standard": "linear",
    "prompt is more important": "ease out",
    "style transfer": "style",
    "strong style transfer": "strong style",
    **{
        kind: kind
        for kind in (
            *("linear", "ease in", "ease out", "ease in-out", "reverse in-out", "weak input", "weak middle"),
            *("weak output", "strong middle", "composition", "style and composition"),
        )
    },
}
TOGETHER = {"concat": "side by side", "average": "averaged"}
UNTOLD = "it is taken for Stable Diffusion 1; choose the file for XL where the model is one"
VALUES_ALONE = "its weight scales what is attended to; there it changes what is looked for too"
BLACK = "what is led away from is shown no image; there it may be shown another one"


IN_TILES = "the image is seen as a whole, there in tiles"
LAYERS_ALIKE = "what it asks of single layers is left out"


class IPAdapterFiles(msgspec.Struct, frozen=True):
    """The file of an IP-Adapter, and of the image encoder that it sees by, where that is known."""

    file: Any
    encoder: Any = None


@translates("IPAdapterModelLoader")
def load(given: Given, build: Builder) -> IPAdapterFiles:
    return IPAdapterFiles(given.get("ipadapter_file"))


@translates("IPAdapterUnifiedLoader")
def preset(given: Given, build: Builder) -> Outputs:
    """Files by what they are for: which ones depends on the model."""
    model, name = given.need(Model, "model"), given.text("preset", "STANDARD (medium strength)").split(" (")[0]
    name = name.split(" - ")[0]
    if name not in PRESETS:
        raise CannotTranslateError(f"its preset {name[:40]!r} needs what is not here")
    large = XL in (model.family, _family_of_names(given, build))
    file = PRESETS[name][large]
    if not file:
        raise CannotTranslateError(f"its preset {name!r} is for Stable Diffusion 1 alone")
    encoder = VIT_G if name == "VIT-G" else VIT_H
    return model, IPAdapterFiles(file, encoder)


def _family_of_names(given: Given, build: Builder) -> str:
    """The Stable Diffusion that the names of models in the workflow speak of."""
    inputs = [node.inputs.get("ckpt_name") for node in build.prompt.nodes.values()]
    names = [name for name in inputs if isinstance(name, str)]
    if not names:
        given.approximate(UNTOLD)
    told = {of_file(build, name) for name in names}
    return XL if XL in told else of_unets(names)


@translates("IPAdapter", "IPAdapterAdvanced", "IPAdapterApply", "IPAdapterBatch")
def apply(given: Given, build: Builder) -> Model:
    model, adapter = given.need(Model, "model"), given.need(IPAdapterFiles, "ipadapter")
    if given.get("weight", 1.0) == 0:
        return model
    encoder = given.inputs.get("clip_vision")
    file = encoder.file if isinstance(encoder, ImageEncoder) else adapter.encoder
    wire = build.shared("load_ip_adapter", "ip_adapter", model=adapter.file, image_encoder=file)
    if given.text("embeds_scaling", "V only") != "V only":
        given.approximate(VALUES_ALONE)
    if given.has("image_negative") or given.get("noise", 0.0) != 0:
        given.approximate(BLACK)
    start, end = given.get("start_at", 0.0), given.get("end_at", 1.0)
    unfolded = given.type == "IPAdapterBatch" or given.get("unfold_batch", False) is True
    about: dict[str, Any] = {
        "adapter": wire,
        "image": given.wire("image"),
        "weight": given.get("weight", 1.0),
        "weight_type": given.choice("weight_type", WEIGHTS, "linear"),
        "start": start,
        "end": end,
        "several": "one for each seed" if unfolded else given.choice("combine_embeds", TOGETHER, "concat"),
        "mask": given.maybe_wire("attn_mask"),
        "counted": None if (start, end) == (0.0, 1.0) else "trained timesteps",
    }
    led = Over("apply_ip_adapter", tuple(about.items()))
    return replace(model, denoisers=(led, *model.denoisers))  # before what else stands over the denoiser


@translates("IPAdapterTiled", "IPAdapterPreciseStyleTransfer", "IPAdapterPreciseComposition", "IPAdapterMS")
def apply_otherwise(given: Given, build: Builder) -> Outputs:
    """What goes about the same image in a way of its own."""
    kinds = {"IPAdapterPreciseStyleTransfer": "style transfer", "IPAdapterPreciseComposition": "composition"}
    inputs = dict(given.inputs) | ({"weight_type": kinds[given.type]} if given.type in kinds else {})
    given.approximate(IN_TILES if given.type == "IPAdapterTiled" else LAYERS_ALIKE)
    inner = Given(given.id, "IPAdapterAdvanced", inputs, given.title, given.lost)
    model = apply(inner, build)
    given.notes += inner.notes
    return model, given.inputs.get("image")


@translates("IPAdapterStyleComposition")
def style_and_composition(given: Given, build: Builder) -> Model:
    """One image for the style, another one for where things are."""
    model = given.need(Model, "model")
    for name, kind in (("style", "style transfer"), ("composition", "composition")):
        image = given.inputs.get(f"image_{name}") or given.inputs.get("image_style")
        inputs = dict(given.inputs) | {"model": model, "image": image, "weight_type": kind}
        inputs["weight"] = given.get(f"weight_{name}", 1.0)
        inner = Given(given.id, "IPAdapterAdvanced", inputs, given.title, given.lost)
        model = apply(inner, build)
        given.notes += [note for note in inner.notes if note not in given.notes]
    return model


class Embedded(msgspec.Struct, frozen=True):
    """Images that an IP-Adapter sees, which wait to be put on a model."""

    images: tuple[Wire, ...]


@translates("IPAdapterEncoder")
def embedded(given: Given, build: Builder) -> Outputs:
    """One image, or, in older files, up to four."""
    images = [given.wire(f"image_{at}") for at in range(1, 5) if given.has(f"image_{at}")]
    weights = [given.number(f"weight_{at}", 1.0) for at in range(1, len(images) + 1)]
    if given.number("weight", 1.0) != 1 or given.has("mask") or any(one != 1 for one in weights):
        given.approximate("an image among several counts as much as the others, and as a whole")
    if given.number("noise"):
        given.approximate(BLACK)
    return Embedded(tuple(images) or (given.wire("image"),)), None


@translates("IPAdapterCombineEmbeds")
def embedded_together(given: Given, build: Builder) -> Embedded:
    if given.text("method", "concat") not in ("concat", "average", "norm average"):
        raise CannotTranslateError("images are not put together so here")
    found = [given.inputs[name] for name in sorted(given.inputs) if isinstance(given.inputs[name], Embedded)]
    if not found:
        raise CannotTranslateError("no image is wired to it")
    return Embedded(tuple(image for one in found for image in one.images))


@translates("IPAdapterEmbeds", "IPAdapterApplyEncoded")
def apply_embedded(given: Given, build: Builder) -> Model:
    images = given.need(Embedded, "pos_embed" if given.type == "IPAdapterEmbeds" else "embeds").images
    image = images[0] if len(images) == 1 else build.node("batch_images", "batch", images=list(images))
    inner = Given(given.id, "IPAdapterAdvanced", dict(given.inputs) | {"image": image}, given.title, given.lost)
    model = apply(inner, build)
    given.notes += inner.notes
    return model


@translates("PrepImageForClipVision")
def prepared(given: Given, build: Builder) -> Wire:
    """A square of 224 pixels out of an image."""
    place = given.text("crop_position", "center")
    if given.get("sharpening", 0.0) != 0:
        given.approximate("the image is not sharpened")
    about = {"image": given.wire("image"), "width": 224, "height": 224, "method": "lanczos"}
    if place == "pad":
        return build.node("fit_image_into", "square", **about, colour="#000000")
    if place != "center":
        given.approximate(f"of an image the middle is cut out here, not the {place}")
    return build.node("scale_image", "square", **about, crop="centre")
