"""Nodes for models of the families: loaders, denoisers, what networks are shown, and ControlNets of transformers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import Denoises
from nodes.script.families import family_of, known_family
from nodes.script.family import ScriptFamily, Vae
from nodes.script.loaders import vae_in_folder
from nodes.script.models import Folder, ScriptNetwork, ScriptPart, is_file
from nodes.script.unets import denoiser_of_unet, unet_denoiser, unet_model
from nodes.script.writer import Function, Made, Writer

Size = tuple[int, int]


class ShownReference(NamedTuple):
    """What is known of the latent of a reference image: the image as a text encoder sees it, as code (None: none
    does), and the cells of a side."""

    seen: str | None
    rows: int
    columns: int


BESIDE = "text_encoder", "text_encoder_2", "text_encoder_3", "text_encoder_4", "vae", "tokenizer"


def load_model(writer: Writer, name: str, output: str) -> Made:
    if is_file(str(writer.plain(name, "model"))):
        return part_of_files(writer, name, output)
    folder = Folder(writer, name)
    if any(writer.plain(name, key) for key in BESIDE) or writer.plain(name, "storage") != "full":
        raise CannotExportError(f"{name} takes parts of other files, which is not written")
    if (folder.path / "unet").is_dir():
        return unet_model(folder, name, output)
    return family_of(folder.path, name).load(folder, output)


def load_latent_diffusion(writer: Writer, name: str, output: str) -> Made:
    if is_file(str(writer.plain(name, "model"))):
        return part_of_files(writer, name, output)
    return unet_model(Folder(writer, name), name, output)


def load_diffusion_model(writer: Writer, name: str, output: str) -> Made:
    if writer.plain(name, "storage") != "full":
        raise CannotExportError(f"{name} stores weights in 8 bits, which is not written")
    if is_file(str(writer.plain(name, "model"))):
        return part_of_files(writer, name, output)
    folder = Folder(writer, name)
    if folder.holds("unet"):
        return unet_model(folder, name, output)
    return family_of(folder.path, name).load(folder, output)


def part_of_files(writer: Writer, name: str, output: str) -> Made:
    """A part of a model that lies in single files."""
    from nodes.script import model_files  # reads weights, and imports torch for that

    return model_files.part(writer, name, output)


def load_vae(writer: Writer, name: str, output: str) -> Made:
    if is_file(str(writer.plain(name, "model"))):
        return part_of_files(writer, name, output)
    return vae_in_folder(writer, name)


def load_text_encoder(writer: Writer, name: str, output: str) -> Made:
    return part_of_files(writer, name, output)


def _asking(writer: Writer, name: str, network: Made, **more: str | None) -> Made:
    """A denoiser: its family's function, bound to its network."""
    about: ScriptNetwork = network.about
    family = known_family(about.family)
    guidance = [writer.value(name, "guidance")] if family.guided else []
    line = writer.bound(name, "", family.denoise, network.code, *guidance, **more)
    return Made(line, Denoises(about, network.code, about.prediction, function=family.denoise))


def denoiser(writer: Writer, name: str, _: str) -> Made:
    network = writer.input(name, "network")
    return _asking(writer, name, network) if network.about.family else unet_denoiser(writer, name, network)


def flow_map(writer: Writer, name: str, _: str) -> Made:
    network = writer.input(name, "network")
    from nodes.script.schedulers import made_scheduler

    schedule, _kind = made_scheduler(writer, name, "schedule", "flow")
    times = f"{schedule}().sigmas.tolist()"
    return _asking(writer, name, network, times=times)


def edit_denoiser(writer: Writer, name: str, _: str) -> Made:
    network, vae, image = (writer.input(name, key) for key in ("unet", "vae", "image"))
    if network.about.family != "FLUX.1":
        raise CannotExportError(f"{name} shows an image to another network than FLUX.1's, which is not written")
    about: ScriptNetwork = network.about
    if about.adapted and about.config["in_channels"] == 4 * about.channels:
        raise CannotExportError(f"{name} shows an image to a network that a LoRA widens, which is not written")
    shown = writer.assign(name, "shown", writer.use(vae.about.encode), vae.code, image.code)
    return _asking(writer, name, network, shown=shown)


def inpainting_denoiser(writer: Writer, name: str, _: str) -> Made:
    network, vae, image, mask = (writer.input(name, key) for key in ("unet", "vae", "image", "mask"))
    if network.about.family != "FLUX.1":
        raise CannotExportError(f"{name} shows a mask to another network than FLUX.1's, which is not written")
    shown = writer.assign(name, "shown", writer.use("masked_for_fill"), vae.code, image.code, mask.code)
    return _asking(writer, name, network, shown=shown)


def control(writer: Writer, name: str, denoiser: Made, net: Made, image: Made) -> Made:
    """A ControlNet of a transformer beside it."""
    found: Denoises = denoiser.about
    family = known_family(found.network.family)
    vae: Made = writer.input(name, "vae")
    if writer.plain(name, "control_type") != "lines":
        raise CannotExportError(f"{name} shows another kind of image than lines, which is not written")
    latent = writer.assign(name, "latents", writer.use(vae.about.encode), vae.code, image.code)
    if net.about.get("force_zeros_for_pooled_projection"):
        latent = writer.assign(name, "unshifted", writer.use("unshifted"), vae.code, latent)
    told = (writer.value(name, key) for key in ("strength", "start", "end"))
    if family.name == "Z-Image":
        writer.line(f"{net.code} = {net.code}.from_transformer({net.code}, {found.code})")
    controls = (*found.controls, writer.grouped(name, "control", net.code, latent, *told))
    link = writer.about.source(name, "denoiser")
    assert link is not None
    guidance = [writer.value(link.source, "guidance")] if family.guided else []
    line = writer.bound(name, "", family.denoise, found.code, *guidance, controls=f"[{', '.join(controls)}]")
    return Made(line, replace(found, controls=controls))


def load_redux(writer: Writer, name: str, _: str) -> Made:
    folder = Folder(writer, name)
    if writer.plain(name, "image_encoder"):
        raise CannotExportError(f"{name} takes its image encoder of another file, which is not written")
    sight = folder.part(ScriptPart("image_encoder", "transformers", "SiglipVisionModel"))
    embedder = folder.part(ScriptPart("image_embedder", "diffusers.pipelines.flux.modeling_flux", "ReduxImageEncoder"))
    return Made(f"{sight}, {embedder}")


def redux_conditioning(writer: Writer, name: str, _: str) -> Made:
    condition, redux, image = (writer.input(name, key) for key in ("conditioning", "redux", "image"))
    shown = f"{writer.use('redux_tokens')}({redux.code}, {image.code})"
    strength = writer.value(name, "strength")
    line = writer.assign(name, "condition", writer.use("with_tokens"), condition.code, shown, strength)
    return Made(line, condition.about)


def reference_image(writer: Writer, name: str, _: str) -> Made:
    """The latent of an image, and about it the image as a text encoder sees it."""
    image, vae, network = (writer.input(name, key) for key in ("image", "vae", "network"))
    size, side = image.about, int(writer.plain(name, "side"))
    if not isinstance(size, tuple):
        raise CannotExportError(f"{name} is given an image whose size a script cannot know before")
    scaled, cut, seen = _sizes(network.about.family, size, side, name)
    middle = f", {cut}" if cut != scaled else ""
    shown = f"{writer.use('shown_at')}({image.code}, {scaled[0]}, {scaled[1]}{middle})"
    kind: Vae = vae.about
    latent = writer.assign(name, "", writer.use(kind.encode), vae.code, shown)
    looked = seen and writer.assign(name, "seen", writer.use("shown_at"), image.code, *map(str, seen))
    return Made(latent, ShownReference(looked, *(side // kind.downscale for side in cut)))


def _sizes(family: str, size: Size, side: int, name: str) -> tuple[Size, Size, Size | None]:
    """Height and width that an image is scaled to, what is cut out of it, and what a text encoder sees."""
    match family:
        case "FLUX.1":
            found = _kontext(size, side)
            return found, found, None
        case "FLUX.2" | "FLUX.2 Klein" | "FLUX.3" | "Z-Image-Omni":
            height, width = size
            area = (side or 1024) ** 2
            share = math.sqrt(area / (height * width)) if height * width > area else 1.0
            scaled = int(height * share), int(width * share)
            middle = max(scaled[0] // 16, 1) * 16, max(scaled[1] // 16, 1) * 16
            return scaled, middle, scaled if family == "Z-Image-Omni" else None
        case "GLM-Image":
            found = _of_whole_tokens(size, side)
            return found, found, found
        case "Qwen-Image":
            found = _in_area(size, side or 1024)
            return found, found, _in_area(size, min(side or 384, 384))
        case "Qwen-Image-Layered":
            found = _in_area(size, side or 640)
            return found, found, None
        case "Qwen-Image 2.1":
            found = _in_area(size, side or 1024)
            return found, found, found
    raise CannotExportError(f"{name} shows an image to {family}, which is not written")


def _of_whole_tokens(size: Size, side: int) -> Size:
    """GLM-Image's: sides of whole tokens of 32 pixels, of about as many pixels in the same ratio."""
    share = (side or 1024) / math.sqrt(size[0] * size[1])
    least = min(512, (side or 512) // 32 * 32)
    height, width = (min(max(round(one * share / 32) * 32, least), 2048) for one in size)
    return height, width


def _in_area(size: Size, side: int) -> Size:
    width = math.sqrt(side**2 * size[1] / size[0])
    return round(width * size[0] / size[1] / 32) * 32, round(width / 32) * 32


KONTEXT = (672, 1568), (688, 1504), (720, 1456), (752, 1392), (800, 1328), (832, 1248), (880, 1184), (944, 1104)


def _kontext(size: Size, side: int) -> Size:
    height, width = size
    if side:
        share = side / math.sqrt(height * width)
        return max(round(height * share / 16), 1) * 16, max(round(width * share / 16), 1) * 16
    sizes = (*KONTEXT, (1024, 1024), *((long, short) for short, long in reversed(KONTEXT)))
    across, down = min(sizes, key=lambda one: (abs(width / height - one[0] / one[1]), one))
    return down, across


def controlled_by_transformer(family: str) -> ScriptFamily | None:
    """The family of a denoiser, where ControlNets of transformers lead it."""
    return known_family(family) if family and known_family(family).control else None


FAMILY_NODES: dict[str, Function] = {
    "load_model": load_model,
    "load_latent_diffusion": load_latent_diffusion,
    "load_diffusion_model": load_diffusion_model,
    "load_text_encoder": load_text_encoder,
    "load_vae": load_vae,
    "unet_denoiser": denoiser_of_unet,
    "network_denoiser": denoiser,
    "flow_map_denoiser": flow_map,
    "edit_denoiser": edit_denoiser,
    "inpainting_denoiser": inpainting_denoiser,
    "load_redux": load_redux,
    "redux_conditioning": redux_conditioning,
    "reference_image": reference_image,
}
