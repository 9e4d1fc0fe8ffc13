"""Images in the place of words: those that a U-Net attends to (IP-Adapters), and those that it is told of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import Denoises
from nodes.script.models import Folder, ScriptPart, model_file
from nodes.script.pieces import literal
from nodes.script.texts import SHOWN
from nodes.script.writer import Function, Made, Writer

SIGHT = ScriptPart("", "transformers", "CLIPVisionModelWithProjection")
SPREAD = ScriptPart(
    "image_normalizer",
    "diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer",
    "StableUnCLIPImageNormalizer",
)
UNETS = "text_unet", "sized_unet", "prompted"
USUAL = {"weight_type": "linear", "several": "side by side", "counted": "steps"}
"""What is written of an adapter's settings."""


def load_ip_adapter(writer: Writer, name: str, _: str) -> Made:
    """A file, and the folder of the network that sees; read where a network is known."""
    file = model_file(str(writer.plain(name, "model")), name)
    said = str(writer.plain(name, "image_encoder"))
    folder = Folder.at(writer, f"{name}_sight", Path(said) if said else file.parent / "image_encoder")
    return Made(folder.part(SIGHT), str(file))


def apply_ip_adapter(writer: Writer, name: str, _: str) -> Made:
    denoiser, adapter, image = (writer.input(name, key) for key in ("denoiser", "adapter", "image"))
    found: Denoises = denoiser.about
    if found.function not in UNETS:
        raise CannotExportError(f"{name} leads another network than a text-led U-Net, which is not written")
    if found.network.adapted:
        raise CannotExportError(f"{name} leads a network that has a LoRA, which is not written")
    if any(writer.plain(name, key) != value for key, value in USUAL.items()) or writer.is_wired(name, "mask"):
        raise CannotExportError(f"{name} leads some layers or places more than others, which is not written")

    def load() -> Made:
        file = literal(adapter.about)
        return Made(writer.assign(name, "halves", writer.use("load_image_adapter"), file, found.code))

    halves = writer.shared(("ip adapter", adapter.about, found.code), load).code
    shown = writer.assign(name, "tokens", writer.use("image_tokens"), halves, adapter.code, image.code)
    told = (writer.value(name, key) for key in ("weight", "start", "end"))
    line = writer.bound(name, "", "prompted", denoiser.code, found.code, halves, *told)
    return Made(line, replace(found, function="prompted", images=(*found.images, shown)))


def stable_unclip_conditioning(writer: Writer, name: str, _: str) -> Made:
    """A text, and behind it the vector of an image and how noisy that is."""
    condition, image = writer.input(name, "conditioning"), writer.input(name, "image")
    if writer.plain(name, "strength") == 0:
        return condition
    if condition.about == SHOWN:
        raise CannotExportError(f"{name} mixes an image with the ones before it, which is not written")
    folder = Folder(writer, name)
    sight = folder.part(replace(SIGHT, subfolder="image_encoder"))
    spread = folder.part(SPREAD)
    writer.imports.take("diffusers", "DDPMScheduler")
    noising = f'DDPMScheduler.load_config({folder.code}, subfolder="image_noising_scheduler")'
    told = (writer.value(name, key) for key in ("noise_level", "strength", "seed"))
    shown = writer.assign(name, "sight", writer.use("seen_by_unclip"), sight, spread, noising, image.code, *told)
    return Made(writer.assign(name, "condition", writer.use("with_latents"), condition.code, shown), SHOWN)


IMAGE_PROMPTS: dict[str, Function] = {
    "load_ip_adapter": load_ip_adapter,
    "apply_ip_adapter": apply_ip_adapter,
    "stable_unclip_conditioning": stable_unclip_conditioning,
}
