"""Images taken apart into layers: frames of one latent in ComfyUI, which are cut off it and decoded as a batch."""

from __future__ import annotations

from nodes.comfyui.export.exporter import GraphExporter, Outputs, Ref
from nodes.comfyui.export.registry import exports, taken

NOISE = "layered_noise"
ALL = 16384
"""More layers than there are."""
taken(NOISE)


def zeros(exporter: GraphExporter, noise: str) -> Ref:
    """Zeros for the layers, in the size of the image that is taken apart."""
    reference = exporter.node_at(noise, "reference")
    size = exporter.shared("GetImageSize", image=exporter.wire(reference, "image"))
    about = {"width": size, "height": size.other(1), "layers": exporter.value(noise, "layers")}
    return exporter.shared("EmptyQwenImageLayeredLatentImage", **about, batch_size=1)


@exports("decode_layers")
def decode(exporter: GraphExporter, name: str) -> Outputs:
    cut = exporter.add("LatentCut", samples=exporter.wire(name, "latent"), dim="t", index=1, amount=ALL)
    batch = exporter.add("LatentCutToBatch", samples=cut, dim="t", slice_size=1)
    exporter.node_at(name, "reference")
    return {"image": exporter.add("VAEDecode", samples=batch, vae=exporter.wire(name, "vae"))}
