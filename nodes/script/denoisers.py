"""Networks as what guidance asks: a function of x, the step and a condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.models import ScriptNetwork
from nodes.script.noise import plain_noise
from nodes.script.writer import Function, Made, Writer


@dataclass(frozen=True)
class Denoises:
    """What is known of a denoiser: its network, the code of it, what it predicts, whether the variance too, the
    function that asks it, and the ControlNets beside it."""

    network: ScriptNetwork
    code: str
    prediction: str
    learned: bool = False
    function: str = ""
    controls: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    """Pairs of the tokens of images that it attends to and of those that stand for none, behind a condition's."""
    leveled: bool = False
    """Whether guidance reckons with the noise level of each step."""


def denoiser(function: str, input: str) -> Function:
    """A denoiser that asks a network by a function."""

    def write(writer: Writer, name: str, _: str) -> Made:
        network = writer.input(name, input)
        found = known(writer, name, network, function)
        return Made(writer.bound(name, "", function, network.code), found)

    return write


def known(writer: Writer, name: str, made: Made, function: str = "") -> Denoises:
    """What is known of a network behind a node."""
    network: ScriptNetwork = made.about
    said = writer.plain(name, "prediction") if _has(writer, name, "prediction") else "auto"
    learned = network.config.get("out_channels") == 2 * network.channels
    if learned and _has(writer, name, "variance") and writer.plain(name, "variance") != "learned":
        raise CannotExportError(f"{name} leaves its learned variance out, which is not written")
    return Denoises(network, made.code, network.prediction if said == "auto" else said, learned, function)


def pixel_unet(writer: Writer, name: str, _: str) -> Made:
    network = writer.input(name, "unet")
    classes = bool(network.about.config.get("num_class_embeds"))
    function = "class_unet" if classes else "pixel_unet"
    return Made(writer.bound(name, "", function, network.code), known(writer, name, network))


def upsampler(writer: Writer, name: str, _: str) -> Made:
    """A U-Net that sees a small image beside what it paints."""
    network, low = writer.input(name, "unet"), writer.input(name, "low")
    level, seed = writer.value(name, "augmentation"), writer.value(name, "seed")
    timed = network.about.config.get("class_embed_type") == "timestep"
    if level == "0":
        seen = f"2 * {low.code} - 1"
        line = writer.bound(name, "", "upsampling_unet", network.code, seen, level if timed else "None")
        return Made(line, known(writer, name, network))
    trained = writer.input(name, "schedule").about
    writer.imports.take("diffusers", "DDPMScheduler")
    config = f'DDPMScheduler.load_config({trained.folder}, subfolder="{trained.subfolder}")'
    line = writer.bound(name, "", "noisy_upsampling_unet", network.code, low.code, level, seed, config)
    return Made(line, known(writer, name, network))


def text_upsampler(writer: Writer, name: str, _: str) -> Made:
    """A text-led U-Net that sees a small image with noise on it beside what it paints."""
    network, low, noise = writer.input(name, "unet"), writer.input(name, "low"), plain_noise(writer, name)
    level = writer.value(name, "augmentation")
    trained = writer.input(name, "noising").about
    writer.imports.take("diffusers", "DDPMScheduler")
    config = f'DDPMScheduler.load_config({trained.folder}, subfolder="{trained.subfolder}")'
    found = known(writer, name, network)
    line = writer.bound(name, "", "text_upsampling_unet", network.code, low.code, level, noise.code, config)
    return Made(line, found)


def _has(writer: Writer, name: str, param: str) -> bool:
    spec: Any = writer.about.catalogue.nodes.get(writer.about.workflow.nodes[name].type)
    return spec is not None and spec.param(param) is not None


DENOISERS: dict[str, Function] = {
    "dit_denoiser": denoiser("class_transformer", "transformer"),
    "joint_denoiser": denoiser("joint_transformer", "transformer"),
    "pixel_denoiser": pixel_unet,
    "upsample_denoiser": upsampler,
    "text_upsample_denoiser": text_upsampler,
}
