"""ComfyUI's loaders: one *Load model* here where it has several for the parts of one model."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import BY_FAMILY, CannotTranslateError, ImportedClip, ImportedControlNet, Model, Wire
from nodes.comfyui.model_families import choice, of_file, of_type, of_unets, shown_of
from nodes.comfyui.registry import Outputs, translates

FILLED = {"FLUX.1": 256, "Stable Diffusion 3": 77}
"""Tokens that T5 is given at least, by families; here it is given as many as the model was trained with."""
UNETS = ("", "Stable Diffusion")
"""How families begin whose U-Net is loaded with text encoder and VAE in one file."""
TRANSFORMERS = {
    "UNETLoader": "unet_name",
    "UnetLoaderGGUF": "unet_name",
    "UnetLoaderGGUFAdvanced": "unet_name",
    "LoaderGGUF": "gguf_name",
}
"""Loaders of a denoising network, and the input that names its file."""
ONE, TWO, THREE, FOUR = (
    ("clip_name",),
    ("clip_name1", "clip_name2"),
    ("clip_name1", "clip_name2", "clip_name3"),
    ("clip_name1", "clip_name2", "clip_name3", "clip_name4"),
)
TEXTS = {
    "CLIPLoader": (ONE, "stable_diffusion"),
    "DualCLIPLoader": (TWO, "flux"),
    "TripleCLIPLoader": (THREE, "sd3"),
    "QuadrupleCLIPLoader": (FOUR, "hidream"),
    "CLIPLoaderGGUF": (ONE, "stable_diffusion"),
    "DualCLIPLoaderGGUF": (TWO, "flux"),
    "TripleCLIPLoaderGGUF": (THREE, "sd3"),
    "QuadrupleCLIPLoaderGGUF": (FOUR, "hidream"),
    "ClipLoaderGGUF": (ONE, "stable_diffusion"),
    "DualClipLoaderGGUF": (TWO, "flux"),
    "TripleClipLoaderGGUF": (THREE, "sd3"),
    "QuadrupleClipLoaderGGUF": (FOUR, "hidream"),
}
"""Loaders of text encoders: the inputs that name their files, and what they are loaded for where none says it."""
TAKEN_FOR = "the VAE is taken for one of {family}, since its file may not say whose it is"
FLOW_MAPS = ("FLUX.3",)
"""Families whose models are distilled so, where their file does not say that it is the base."""
NOT_LOADED = "models of {family} are not loaded by this nodeflow yet"
TYPE = "type"
"""What a loader of texts keeps, where no family of ours stands for what ComfyUI was told."""
NARROWED = {"fp8_e4m3fn": "float8", "fp8_e4m3fn_fast": "float8", "fp8_e5m2": "float8"}


class Loaded(NamedTuple):
    """What one node loads for several of ComfyUI's loaders."""

    network: str
    texts: tuple[str, ...]
    vae: str
    family: str


@translates("CheckpointLoaderSimple", "CheckpointLoader")
def checkpoint(given: Given, build: Builder) -> Outputs:
    """A whole model in a file. The old loader's configuration is told from the file here."""
    name = given.get("ckpt_name")
    family = of_file(build, name)
    if _of_unets(family):
        wire = build.node("load_latent_diffusion", "model", model=name)
        return parts(wire, build)
    _told(given, build, family)
    model, text, vae = parts(build.node("load_model", "model", model=name), build, family)
    return replace(model, shown=shown_of(name, family)), text, vae


def parts(wire: Wire, build: Builder, family: str = "") -> Outputs:
    """Model, text encoder and VAE of a node that loads all."""
    kind, network = (BY_FAMILY, "network") if family else ("unet", "unet")
    build.vae = build.vae or wire.other("vae")
    text = ImportedClip(_filled(build, wire.other("text_encoder"), family), kind)
    return Model(wire.other(network), wire.other("schedule"), kind, family=family), text, wire.other("vae")


@translates(*TRANSFORMERS)
def transformer(given: Given, build: Builder) -> Model:
    name, narrowed = given.get(TRANSFORMERS[given.type]), given.text("weight_dtype", "default")
    if together := _together(build):
        wire = _whole(build, together)
        family = together.family
    else:
        family = of_file(build, name) or _only_family(build)
        if family.startswith("Stable Diffusion ") and not family.endswith(" 3"):
            raise CannotTranslateError("a U-Net alone is not loaded here, only with its whole model")
        storage = NARROWED.get(narrowed)
        wire = build.node("load_diffusion_model", "model", model=name, storage=storage)
    if narrowed not in ("default", "None") and (together or narrowed != "fp8_e4m3fn"):
        given.approximate("the weights are kept in the bits that their file has, not narrowed to others")
    _told(given, build, family)
    found = Model(wire.other("network"), wire.other("schedule"), BY_FAMILY, family=family)
    return replace(
        found, shown=shown_of(name, family), flow_map=family in FLOW_MAPS and "base" not in str(name).lower()
    )


@translates(*TEXTS)
def text_encoder(given: Given, build: Builder) -> ImportedClip:
    if together := _together(build):
        wire = _filled(build, _whole(build, together).other("text_encoder"), together.family)
        return ImportedClip(wire, BY_FAMILY, file=together.texts[0])
    names, otherwise = TEXTS[given.type]
    files = [given.get(name) for name in names]
    family = of_type(given.text("type", otherwise), str(files[0]))
    if not family:
        family = _only_family(build)
    _told(given, build, family)
    inputs = {("model" if not place else f"model_{place + 1}"): file for place, file in enumerate(files)}
    about = choice(build, "load_text_encoder", "family", family)
    wire = build.node("load_text_encoder", "text_encoder", family=about, **inputs)
    if about is None and given.has("type"):
        build.keep(wire, {TYPE: given.text("type")})
    return ImportedClip(_filled(build, wire, family), BY_FAMILY, file=files[0])


def clip_type(build: Builder, file: object) -> str:
    """What a loader of one text encoder was told that its file is for; empty where none names it."""
    for node in build.prompt.nodes.values():
        if TEXTS.get(node.type, (None,))[0] == ONE and node.inputs.get("clip_name") == file:
            return str(node.inputs.get("type", ""))
    return ""


def _filled(build: Builder, wire: Wire, family: str) -> Wire:
    """A text encoder whose texts are as long as in ComfyUI."""
    if family not in FILLED:
        return wire
    return build.node("text_length", "text_length", text_encoder=wire, least=FILLED[family])


@translates("VAELoader", "VaeGGUF")
def vae(given: Given, build: Builder) -> Wire:
    name = given.text("vae_name")
    if name == "pixel_space":
        wire = build.node("pixel_space", "vae")
    elif name.startswith("tae") and "." not in name:
        raise CannotTranslateError(f"the small VAE {name} is put together of two files, which is not done here")
    elif together := _together(build):
        wire = _whole(build, together).other("vae")
    else:
        wire = build.node("load_vae", "vae", model=name, made_for=_made_for(given, build, name))
    build.vae = build.vae or wire
    return wire


def _made_for(given: Given, build: Builder, name: str) -> str | None:
    """The family that a VAE is loaded for: that of the networks, or of the whole models, of the graph."""
    family = _only_family(build)
    nodes = build.prompt.nodes.values()
    whole = [file for node in nodes if isinstance(file := node.inputs.get("ckpt_name"), str)]
    if not family and whole:
        known = {of_file(build, file) for file in whole} - {""}
        family = known.pop() if len(known) == 1 else of_unets([name, *whole])
        if known or not of_file(build, whole[0]):
            given.approximate(TAKEN_FOR.format(family=family))
    return choice(build, "load_vae", "made_for", family)


@translates("DiffControlNetLoader", "ControlNetLoader")
def controlnet(given: Given, build: Builder) -> ImportedControlNet:
    if given.type == "DiffControlNetLoader":
        raise CannotTranslateError("ControlNets that are kept as a difference to a model are not read here")
    return ImportedControlNet(build.node("load_controlnet", "controlnet", model=given.get("control_net_name")))


@translates("UpscaleModelLoader")
def upscaler(given: Given, build: Builder) -> Wire:
    return build.node("load_upscaler", "upscaler", model=given.get("model_name"))


def _of_unets(family: str) -> bool:
    """Whether a whole model's node is that of U-Nets: where nothing else is known too, since most are such."""
    return not family or (family.startswith("Stable Diffusion") and not family.startswith("Stable Diffusion 3"))


def _told(given: Given, build: Builder, family: str) -> None:
    """Say where the node is right and the family of its model is not loaded here."""
    if family and choice(build, "load_model", "family", family) is None:
        given.approximate(NOT_LOADED.format(family=family))


def _together(build: Builder) -> Loaded | None:
    """What one *Load model* loads: where a graph has one network, one set of text encoders for it, and one VAE."""
    nodes = build.prompt.nodes.values()
    networks = [node.inputs.get(TRANSFORMERS[node.type]) for node in nodes if node.type in TRANSFORMERS]
    texts = [node for node in nodes if node.type in TEXTS]
    vaes = [node.inputs.get("vae_name") for node in nodes if node.type == "VAELoader"]
    if not len(networks) == len(texts) == len(vaes) == 1:
        return None
    names, otherwise = TEXTS[texts[0].type]
    files = [texts[0].inputs.get(name) for name in names]
    kind = texts[0].inputs.get("type", otherwise)
    named = [*networks, *files, *vaes]
    if len(files) > 3 or not all(isinstance(one, str) and one for one in named) or not isinstance(kind, str):
        return None
    family = of_file(build, networks[0]) or of_type(kind, str(files[0]))
    if (
        choice(build, "load_model", "family", family) is None
        or vaes[0] == "pixel_space"
        or str(vaes[0]).startswith("tae")
    ):
        return None
    return Loaded(str(networks[0]), tuple(map(str, files)), str(vaes[0]), family)


def _whole(build: Builder, loaded: Loaded) -> Wire:
    texts = {
        ("text_encoder" if not place else f"text_encoder_{place + 1}"): file for place, file in enumerate(loaded.texts)
    }
    told = choice(build, "load_model", "family", loaded.family) if not of_file(build, loaded.network) else None
    return build.shared("load_model", "model", model=loaded.network, vae=loaded.vae, family=told, **texts)


def _only_family(build: Builder) -> str:
    """The family that all loaders of a graph are for; empty where there are several, or none is known."""
    found = set[str]()
    for node in build.prompt.nodes.values():
        if node.type in TRANSFORMERS:
            found.add(of_file(build, node.inputs.get(TRANSFORMERS[node.type])))
        elif node.type in TEXTS:
            names, otherwise = TEXTS[node.type]
            found.add(of_type(str(node.inputs.get("type", otherwise)), str(node.inputs.get(names[0]))))
    found.discard("")
    return found.pop() if len(found) == 1 else ""
