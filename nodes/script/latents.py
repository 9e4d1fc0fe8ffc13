"""Latents: noise, the forward diffusion, ways between latents, and DDIM's way back."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.noise import plain_noise, shape
from nodes.script.noise_masks import whole
from nodes.script.pieces import literal
from nodes.script.schedulers import made_scheduler
from nodes.script.writer import Function, Made, Writer


def noise_as_latent(writer: Writer, name: str, _: str) -> Made:
    noise, denoiser = plain_noise(writer, name), writer.input(name, "denoiser")
    sides = literal(shape(noise.about, denoiser.about.network))
    return Made(writer.assign(name, "", writer.use("drawn"), noise.code, sides))


def interpolate(writer: Writer, name: str, _: str) -> Made:
    start, end = writer.input(name, "start").code, writer.input(name, "end").code
    first, last, steps = (writer.value(name, key) for key in ("first", "last", "steps"))
    along = writer.plain(name, "way") == "along the sphere"
    walk = writer.use("slerp") if along else "torch.lerp"
    shares = f"torch.linspace({first}, {last}, {steps})"
    return Made(writer.assign(name, "", writer.use("between"), start, end, shares, walk))


def forward_diffusion(writer: Writer, name: str, _: str) -> Made:
    latent, noise = writer.input(name, "latent").code, plain_noise(writer, name).code
    schedule, _kind = made_scheduler(writer, name, "schedule", "")
    drawn = f"{writer.use('drawn')}({noise}, {latent}.shape[1:])"
    count = writer.value(name, "pictures")
    return Made(writer.assign(name, "latents", writer.use("drowning"), schedule, latent, drawn, count))


def add_noise(writer: Writer, name: str, _: str) -> Made:
    latent, noise = whole(writer.input(name, "latent"), name).code, plain_noise(writer, name).code
    schedule, _kind = made_scheduler(writer, name, "schedule", "")
    drawn = f"{writer.use('drawn')}({noise}, {latent}.shape[1:])"
    return Made(
        writer.assign(name, "latents", writer.use("noised"), schedule, latent, drawn, writer.value(name, "step"))
    )


def inversion(writer: Writer, name: str, _: str) -> Made:
    guider, latent = writer.input(name, "guider"), writer.input(name, "latent").code
    kind = guider.about.prediction
    schedule, _kind = made_scheduler(writer, name, "schedule", kind)
    return Made(writer.assign(name, "", writer.use("inverted"), guider.code, schedule, latent, literal(kind)))


def vae_posterior(writer: Writer, name: str, output: str) -> Made:
    if output not in ("mean", "deviation"):
        raise CannotExportError(f"the {output} of {name} is not written")
    made = writer.shared((name, "posterior"), lambda: _posterior(writer, name))
    return Made(f"{made.code}[{0 if output == 'mean' else 1}]")


def _posterior(writer: Writer, name: str) -> Made:
    vae, image = writer.input(name, "vae"), writer.input(name, "image").code
    if vae.about.get("shift_factor"):
        raise CannotExportError(f"the VAE of {name} shifts latents, which is not written")
    return Made(writer.assign(name, "", writer.use("posterior"), vae.code, image))


def draw_from_posterior(writer: Writer, name: str, _: str) -> Made:
    mean, deviation = writer.input(name, "mean").code, writer.input(name, "deviation").code
    given = (writer.value(name, key) for key in ("amount", "count", "seed"))
    return Made(writer.assign(name, "latents", writer.use("draws"), mean, deviation, *given))


def draw_from_prior(writer: Writer, name: str, _: str) -> Made:
    vae = writer.input(name, "vae")
    width, height, count, seed = (writer.plain(name, key) for key in ("width", "height", "count", "seed"))
    factor = 2 ** (len(vae.about["block_out_channels"]) - 1)
    if vae.about.get("shift_factor"):
        raise CannotExportError(f"the VAE of {name} shifts latents, which is not written")
    width, height = (side or int(vae.about.get("sample_size") or 0) for side in (width, height))
    seeds, sides = literal(tuple(range(seed, seed + count))), (height // factor, width // factor)
    shape = literal((vae.about["latent_channels"], *sides))
    variable = writer.assign(name, "latents", writer.use("drawn"), seeds, shape)
    return Made(f"({variable} * {vae.code}.config.scaling_factor)")


TORCH_MODES = ("nearest-exact", "bilinear", "area", "bicubic")
"""Methods of another size that are torch's own."""


def scale(writer: Writer, name: str, _: str) -> Made:
    latent = whole(writer.input(name, "latent"), name).code
    width, height = (int(writer.plain(name, key)) for key in ("width", "height"))
    if not width or not height or writer.plain(name, "crop") != "none":
        raise CannotExportError(f"{name} scales in proportions, which is not written")
    return _scaled(writer, name, latent, f"({height}, {width})")


def scale_by(writer: Writer, name: str, _: str) -> Made:
    latent, factor = whole(writer.input(name, "latent"), name).code, writer.value(name, "factor")
    return _scaled(writer, name, latent, f"[max(1, round(side * {factor})) for side in {latent}.shape[-2:]]")


def _scaled(writer: Writer, name: str, latent: str, sides: str) -> Made:
    method = str(writer.plain(name, "method"))
    if method == "bislerp":
        return Made(writer.assign(name, "latents", writer.use("bislerp"), latent, sides))
    if method not in TORCH_MODES:
        raise CannotExportError(f"{name} scales by {method}, which is not written")
    writer.imports.take("torch.nn.functional", "interpolate")
    return Made(writer.assign(name, "latents", "interpolate", latent, sides, mode=literal(method)))


LATENTS: dict[str, Function] = {
    "noise_as_latent": noise_as_latent,
    "interpolate_latents": interpolate,
    "interpolate_embeddings": interpolate,
    "forward_diffusion": forward_diffusion,
    "add_noise": add_noise,
    "ddim_inversion": inversion,
    "vae_posterior": vae_posterior,
    "draw_from_posterior": draw_from_posterior,
    "draw_from_prior": draw_from_prior,
    "scale_latent": scale,
    "scale_latent_by": scale_by,
}
