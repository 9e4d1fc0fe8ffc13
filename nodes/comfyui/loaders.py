"""ComfyUI's loaders: one *Load model* here where it has several for the parts of one model."""

from __future__ import annotations

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Clip, ControlNet, Model, Wire
from nodes.comfyui.registry import Outputs, translates

FLUX_TEXTS = "text encoders and VAE are those of a FLUX folder: name it at {node}"
SD3_TEXTS = "text encoders and VAE are those of a Stable Diffusion 3 folder: name it at {node}"
TRANSFORMER_LOADERS = ("UNETLoader", "UnetLoaderGGUF", "UnetLoaderGGUFAdvanced")
TEXT_LOADERS = (
    "CLIPLoader",
    "DualCLIPLoader",
    "TripleCLIPLoader",
    "CLIPLoaderGGUF",
    "DualCLIPLoaderGGUF",
    "TripleCLIPLoaderGGUF",
)


@translates("CheckpointLoaderSimple", "CheckpointLoader")
def checkpoint(given: Given, build: Builder) -> Outputs:
    """A whole model in a file. The old loader's configuration is told from the file here."""
    name = given.get("ckpt_name")
    kind = family(str(name))
    if kind == "flux":
        wire = build.node("load_flux", "model", transformer=name)
        given.approximate(FLUX_TEXTS.format(node=wire.node))
    elif kind == "joint":
        wire = build.node("load_flow_transformer", "model", transformer=name)
        given.approximate(SD3_TEXTS.format(node=wire.node))
    else:
        wire = build.node("load_latent_diffusion", "model", model=name)
    return parts(wire, kind, build)


def parts(wire: Wire, kind: str, build: Builder) -> Outputs:
    """Model, text encoder and VAE of a node that loads all."""
    network = wire.other("unet" if kind == "unet" else "transformer")
    build.vae = build.vae or wire.other("vae")
    text = Clip(wire.other("text_encoder"), kind)
    return Model(network, wire.other("schedule"), kind), text, wire.other("vae")


def family(name: str) -> str:
    """How a model is called by, as its file's name tells."""
    name = name.replace("\\", "/").rpartition("/")[2].lower()
    if "flux" in name:
        return "flux"
    return "joint" if name.startswith(("sd3", "stable-diffusion-3", "stable_diffusion_3")) else "unet"


@translates("DiffControlNetLoader", "ControlNetLoader")
def controlnet(given: Given, build: Builder) -> ControlNet:
    if given.type == "DiffControlNetLoader":
        raise CannotTranslateError("ControlNets that are kept as a difference to a model are not read here")
    return ControlNet(build.node("load_controlnet", "controlnet", model=given.get("control_net_name")))


@translates("VAELoader")
def vae(given: Given, build: Builder) -> Wire:
    name = given.text("vae_name")
    if name == "pixel_space":
        wire = build.node("pixel_space", "vae")
    elif name.startswith("tae"):
        raise CannotTranslateError(f"the small VAE {name} is put together of two files, which is not done here")
    else:
        made_for = {"flux": "FLUX", "joint": "Stable Diffusion 3"}.get(_combined(build))
        wire = build.node("load_vae", "vae", model=name, made_for=made_for)
    build.vae = build.vae or wire
    return wire


@translates("UpscaleModelLoader")
def upscaler(given: Given, build: Builder) -> Wire:
    return build.node("load_upscaler", "upscaler", model=given.get("model_name"))


@translates(*TRANSFORMER_LOADERS)
def transformer(given: Given, build: Builder) -> Model:
    kind, wire = _whole(build, given)
    if given.text("weight_dtype", "default") not in ("default", "None"):
        given.approximate("the weights are kept as their file has them, not narrowed to 8 bits")
    network = wire.other("transformer")
    return Model(network, wire.other("schedule"), kind)


@translates(*TEXT_LOADERS)
def text_encoder(given: Given, build: Builder) -> Clip:
    kind, wire = _whole(build, given)
    given.approximate((FLUX_TEXTS if kind == "flux" else SD3_TEXTS).format(node=wire.node))
    return Clip(wire.other("text_encoder"), kind)


def _whole(build: Builder, given: Given) -> tuple[str, Wire]:
    """The one node that loads what several loaders load, where the graph has a model of that kind."""
    kind = _combined(build)
    if not kind:
        raise CannotTranslateError("this kind of model is not loaded by parts here")
    names = [node.inputs.get("unet_name") for node in build.prompt.nodes.values() if node.type in TRANSFORMER_LOADERS]
    if len(set(map(str, names))) > 1 or not isinstance(names[0], str):
        raise CannotTranslateError("several transformers share their text encoders here")
    loader = "load_flux" if kind == "flux" else "load_flow_transformer"
    return kind, build.shared(loader, "model", transformer=names[0])


def _combined(build: Builder) -> str:
    """Which kind of model the loaders of a graph make up; empty for one that is not known here."""
    nodes = build.prompt.nodes.values()
    kinds = {str(node.inputs.get("type", "sd3")) for node in nodes if node.type in TEXT_LOADERS}
    if not any(node.type in TRANSFORMER_LOADERS for node in nodes):
        return ""
    return {"flux": "flux", "sd3": "joint"}.get(kinds.pop(), "") if len(kinds) == 1 else ""
