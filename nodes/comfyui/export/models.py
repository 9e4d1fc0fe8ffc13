"""Loaders, and what is done to a loaded model."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Outputs, Ref
from nodes.comfyui.export.registry import exports
from nodes.comfyui.models import PREDICTIONS

STARTER = "starter:"
OF_TEXT = "apply_lora_to_text"
NETWORKS = ("load_latent_diffusion", "load_model", "load_diffusion_model")
"""Nodes that load a network."""
THOUSANDS = ("joint_denoiser", "Stable Diffusion 3", "HiDream", "Wan")
"""Denoisers and families whose timesteps run from 0 to 1000; the others' run from 0 to 1."""


def file_of(exporter: GraphExporter, name: str, param: str = "model") -> str:
    """The file that a load node names. Raises CannotExportError where it names none."""
    found = str(exporter.plain(name, param) or "")
    if not found:
        raise CannotExportError(f"its {param} is not named")
    if found.startswith(STARTER):
        exporter.note(f"{found} ships with nodeflow; ComfyUI needs its file by name")
    return found


@exports("load_latent_diffusion")
def checkpoint(exporter: GraphExporter, name: str) -> Outputs:
    ref = exporter.add("CheckpointLoaderSimple", ckpt_name=file_of(exporter, name))
    return {"unet": ref, "text_encoder": ref.other(1), "vae": ref.other(2), "schedule": ref}


@exports("load_flux", "load_flow_transformer")
def flow(exporter: GraphExporter, name: str) -> Outputs:
    """One file that holds all, where no other is named for the transformer."""
    if exporter.plain(name, "transformer") and exporter.plain(name, "model"):
        raise CannotExportError("its parts come out of a folder of several files, which ComfyUI does not load")
    param = "transformer" if exporter.plain(name, "transformer") else "model"
    ref = exporter.add("CheckpointLoaderSimple", ckpt_name=file_of(exporter, name, param))
    return {"transformer": ref, "text_encoder": ref.other(1), "vae": ref.other(2), "schedule": ref}


@exports("load_vae")
def vae(exporter: GraphExporter, name: str) -> Outputs:
    return {"vae": exporter.add("VAELoader", vae_name=file_of(exporter, name))}


@exports("pixel_space")
def pixel_space(exporter: GraphExporter, name: str) -> Outputs:
    return {"vae": exporter.add("VAELoader", vae_name="pixel_space")}


@exports("load_controlnet")
def controlnet(exporter: GraphExporter, name: str) -> Outputs:
    return {"control_net": exporter.add("ControlNetLoader", control_net_name=file_of(exporter, name))}


@exports("load_upscaler")
def upscaler(exporter: GraphExporter, name: str) -> Outputs:
    return {"upscaler": exporter.add("UpscaleModelLoader", model_name=file_of(exporter, name))}


@exports("apply_lora", "apply_lora_to_text")
def lora(exporter: GraphExporter, name: str) -> Outputs:
    """ComfyUI loads both halves of a LoRA by one node, where both are there."""
    exporter.need(name, revision="")
    of_text = exporter.kind(name) == OF_TEXT
    if not of_text:
        exporter.need(name, blocks="", start=0.0, end=1.0)
    file, other = file_of(exporter, name, "lora"), _other_half(exporter, name)
    unet, text = (other, name) if of_text else (name, other)
    if unet and text:
        ref = exporter.shared(
            "LoraLoader",
            model=exporter.wire(unet, "unet"),
            clip=exporter.wire(text, "text_encoder"),
            lora_name=file,
            strength_model=exporter.value(unet, "weight"),
            strength_clip=exporter.value(text, "weight"),
        )
    elif unet:
        ref = exporter.add(
            "LoraLoaderModelOnly",
            model=exporter.wire(unet, "unet"),
            lora_name=file,
            strength_model=exporter.value(unet, "weight"),
        )
    else:
        clip = exporter.wire(name, "text_encoder")
        given = {"lora_name": file, "strength_model": 0.0, "strength_clip": exporter.value(name, "weight")}
        ref = exporter.add("LoraLoader", model=_any_model(exporter), clip=clip, **given)
    return {"text_encoder": ref.other(1)} if of_text else {"diffusion_network": ref}


def _other_half(exporter: GraphExporter, name: str) -> str:
    """The node that adds the same LoRA to the other of network and text encoder; of several the one in its place."""
    own = exporter.alike(name, "lora", exporter.kind(name))
    others = exporter.alike(name, "lora", "apply_lora" if exporter.kind(name) == OF_TEXT else OF_TEXT)
    at = own.index(name)
    return others[at] if at < len(others) else ""


def _any_model(exporter: GraphExporter) -> Ref:
    for name in exporter.workflow.nodes:
        made = exporter.begin(name) if exporter.kind(name) in NETWORKS else None
        if made:
            return made.get("unet") or made["network"]
    raise CannotExportError("ComfyUI's LoRA loader needs a model, and there is none")


def model_with_levels(exporter: GraphExporter, network: Ref, levels: str, prediction: str, of: str = "") -> Ref:
    """The model of a network with the noise levels that a schedule takes: ComfyUI keeps both as one."""
    kind = exporter.kind(levels) if levels else ""
    if kind == "flow_shift":
        shift = exporter.value(levels, "shift")
        inner = _before(exporter, levels)
        base = model_with_levels(exporter, network, inner, prediction, of)
        theirs = "ModelSamplingSD3" if of in THOUSANDS else "ModelSamplingAuraFlow"
        return exporter.shared_of(levels, theirs, model=base, shift=shift)
    if kind == "flow_shift_by_size":
        names = ("max_shift", "base_shift", "width", "height")
        about: dict[str, Any] = {name: exporter.value(levels, name) for name in names}
        base = model_with_levels(exporter, network, _before(exporter, levels), prediction)
        return exporter.shared_of(levels, "ModelSamplingFlux", model=base, **about)
    ours = {"auto": None, **{theirs: name for name, theirs in PREDICTIONS.items()}}
    sampling = ours.get(prediction)
    no_signal = kind == "noise_levels" and exporter.plain(levels, "terminal") == "no signal"
    if kind == "noise_levels" and not no_signal:
        raise CannotExportError("noise levels of its own have no counterpart in ComfyUI")
    if sampling is None and not no_signal:
        return network
    return exporter.shared("ModelSamplingDiscrete", model=network, sampling=sampling or "eps", zsnr=no_signal)


def _before(exporter: GraphExporter, levels: str) -> str:
    link = exporter.source(levels, "trained")
    return link.source if link else ""
