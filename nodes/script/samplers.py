"""The loop that denoises, along the steps of a scheduler or along noise levels."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.noise import plain_noise, shape
from nodes.script.noise_masks import whole
from nodes.script.pieces import literal
from nodes.script.schedulers import made_scheduler, options_of
from nodes.script.sigmas import SigmaWalk, sample_along
from nodes.script.writer import Function, Made, Writer


def sample(writer: Writer, name: str, output: str) -> Made:
    if output != "latent":
        raise CannotExportError(f"the {output} of {name} is not written")
    if isinstance(writer.input(name, "schedule").about, SigmaWalk):
        return sample_along(writer, name)
    guider = writer.input(name, "guider")
    denoises = guider.about
    schedule, kind = made_scheduler(writer, name, "schedule", denoises.prediction, denoises.learned)
    predict = guider.code
    if denoises.learned and kind != "DDPM":
        predict = writer.shared(
            ("prediction alone", guider.code),
            lambda: Made(writer.bound(predict, "alone", "without_variance", predict)),
        ).code
    eta = options_of(writer, writer.input(name, "schedule").about)
    function = writer.use("sample" if writer.plain(name, "batch") == "each alone" else "sample_together")
    begin = _begin(writer, name, schedule, guider)
    return Made(writer.assign(name, "latents", function, predict, schedule, begin, eta=eta), denoises)


def _begin(writer: Writer, name: str, schedule: str, guider: Made) -> str:
    """The code for what sampling begins from."""
    noise = plain_noise(writer, name)
    if writer.is_wired(name, "latent"):
        latent = whole(writer.input(name, "latent"), name)
        if noise.about.values:
            raise CannotExportError(f"{name} begins from a latent and from noise that is given, which is not written")
        strength = writer.value(name, "strength")
        steps = writer.value(writer.input(name, "schedule").about, "steps")
        return f"{writer.use('from_latent')}({schedule}, {noise.code}, {latent.code}, {strength}, {steps})"
    if noise.about.values:
        return f"{writer.use('from_given')}({schedule}, {noise.code}, {noise.about.values})"
    return f"{writer.use('from_noise')}({schedule}, {noise.code}, {literal(shape(noise.about, guider.about.network))})"


SAMPLERS: dict[str, Function] = {"sample": sample}
