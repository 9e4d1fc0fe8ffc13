"""Latents that are mapped at once, texts out of files, and images in their place, as ComfyUI's classes for these."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Outputs
from nodes.comfyui.export.models import file_of
from nodes.comfyui.export.registry import exports
from nodes.comfyui.mapping import TRAINED
from nodes.comfyui.models import MAPPING

SHIFT = 1.73
"""ComfyUI's usual one, which one call does not look at."""


@exports("load_conditioning")
def conditioning(exporter: GraphExporter, name: str) -> Outputs:
    return {"conditioning": exporter.add("ConditioningLoader", conditioning_name=file_of(exporter, name))}


@exports("finish_prediction")
def prediction(exporter: GraphExporter, name: str) -> Outputs:
    about = {"image": exporter.wire(name, "image"), "prediction": exporter.value(name, "shows")}
    return {"image": exporter.add("MarigoldV2PostProcess", **about)}


@exports("map_latent")
def mapped(exporter: GraphExporter, name: str) -> Outputs:
    """One step from a noise level to 0, without noise, of a model that is told to map."""
    denoiser, level = exporter.node_at(name, "denoiser"), exporter.plain(name, "timestep")
    if exporter.kind(denoiser) != "network_denoiser" or exporter.plain(name, "gives") != "the way from it":
        raise CannotExportError("in ComfyUI such a model is a transformer that gives the way to the other latent")
    if not isinstance(level, (int, float)):
        raise CannotExportError("its timestep comes by wire")
    network = exporter.wire(denoiser, "network")
    model = exporter.shared("ModelSamplingAuraFlow", model=network, shift=SHIFT, sampling=MAPPING)
    text = exporter.wire(name, "conditioning")
    given = {
        "noise": exporter.shared("DisableNoise"),
        "guider": exporter.shared("BasicGuider", model=model, conditioning=text),
        "sampler": exporter.shared("KSamplerSelect", sampler_name="euler"),
        "sigmas": exporter.shared("ManualSigmas", sigmas=f"{level / TRAINED:g}, 0"),
    }
    return {"latent": exporter.add("SamplerCustomAdvanced", **given, latent_image=exporter.wire(name, "latent"))}


@exports("revision_conditioning")
def revision(exporter: GraphExporter, name: str) -> Outputs:
    eyes = exporter.shared("CLIPVisionLoader", clip_name=file_of(exporter, name, "image_encoder"))
    image = exporter.wire(name, "image")
    about = {
        "conditioning": exporter.wire(name, "conditioning"),
        "clip_vision_output": exporter.shared("CLIPVisionEncode", clip_vision=eyes, image=image, crop="center"),
        "strength": exporter.value(name, "strength"),
        "noise_augmentation": 0.0,
    }
    return {"conditioning": exporter.add("unCLIPConditioning", **about)}
