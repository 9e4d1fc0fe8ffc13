"""IP-Adapters, by the classes of the pack that has them for ComfyUI."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Ref
from nodes.comfyui.export.loaders import family_of_network
from nodes.comfyui.export.models import file_of
from nodes.comfyui.export.registry import taken
from nodes.comfyui.pack_ip_adapters import TOGETHER, WEIGHTS

PACK = "its classes are of the pack ComfyUI_IPAdapter_plus"
ONE_EACH = "one for each seed"
KINDS = {ours: theirs for theirs, ours in WEIGHTS.items()}
ALL_AT_ONCE = {ours: theirs for theirs, ours in TOGETHER.items()}
taken("load_ip_adapter", "apply_ip_adapter")


def led(exporter: GraphExporter, name: str, model: Ref) -> Ref:
    """The model that an image leads, which stands over the denoiser here and over the model there."""
    _check_unet(exporter, name)
    exporter.note(PACK)
    loader = exporter.node_at(name, "adapter")
    if exporter.kind(loader) != "load_ip_adapter":
        raise CannotExportError(f"its adapter, {loader}, has no counterpart in ComfyUI")
    encoder = str(exporter.plain(loader, "image_encoder") or "")
    if not encoder:
        raise CannotExportError(f"ComfyUI needs the file of the image encoder by name; set it at {loader}")
    about = {
        "ipadapter": exporter.shared("IPAdapterModelLoader", ipadapter_file=file_of(exporter, loader)),
        "clip_vision": exporter.shared("CLIPVisionLoader", clip_name=encoder),
        "image": exporter.wire(name, "image"),
        "attn_mask": exporter.maybe(name, "mask"),
        "weight": exporter.value(name, "weight"),
        "weight_type": KINDS[str(exporter.plain(name, "weight_type"))],
        "start_at": exporter.value(name, "start"),
        "end_at": exporter.value(name, "end"),
        "embeds_scaling": "V only",
    }
    whole = (about["start_at"], about["end_at"]) == (0.0, 1.0)
    if not whole and exporter.plain(name, "counted") != "trained timesteps":
        exporter.note("ComfyUI counts shares of the trained timesteps, not of the steps")
    several = str(exporter.plain(name, "several"))
    if several == ONE_EACH:
        return exporter.add("IPAdapterBatch", model=model, **about, encode_batch_size=0)
    return exporter.add("IPAdapterAdvanced", model=model, **about, combine_embeds=ALL_AT_ONCE[several])


def _check_unet(exporter: GraphExporter, name: str) -> None:
    """Raise CannotExportError where the network is none that the pack leads."""
    while (link := exporter.source(name, "denoiser")) is not None:
        name = link.source
    if exporter.kind(name) != "unet_denoiser" and "Stable Diffusion" not in family_of_network(exporter, name):
        raise CannotExportError("ComfyUI's pack for IP-Adapters leads Stable Diffusion's U-Nets alone")
