"""Latents of which a sampler paints a part alone."""

from __future__ import annotations

from typing import NamedTuple

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.images import encoding
from nodes.script.writer import Function, Made, Writer


class PaintedPart(NamedTuple):
    """What is known of such a latent: the code of its mask, and whether what stays has noise of its own."""

    mask: str
    fresh: bool = False


def noise_mask(writer: Writer, name: str, _: str) -> Made:
    latent = writer.input(name, "latent")
    if not writer.is_wired(name, "mask"):
        return latent._replace(about=None)
    if writer.plain(name, "differential") or writer.plain(name, "mask_fit") == "cover":
        raise CannotExportError(f"{name} opens or cuts its mask, which is not written")
    mask = writer.input(name, "mask").code
    if writer.plain(name, "method") == "area":
        mask = writer.assign(name, "mask", writer.use("fitted"), mask, latent.code)
    return Made(latent.code, PaintedPart(mask, writer.plain(name, "noise") == "seed + 1"))


def encode_for_inpainting(writer: Writer, name: str, _: str) -> Made:
    vae, image, mask = (writer.input(name, key) for key in ("vae", "image", "mask"))
    function = encoding(vae)
    if vae.code == "" or not function:
        raise CannotExportError(f"{name} encodes images for a model that is shown none")
    if writer.plain(name, "mask_fit") == "cover":
        raise CannotExportError(f"{name} cuts its mask to the image's shape, which is not written")
    grown = writer.assign(name, "mask", writer.use("whole_mask"), mask.code, image.code)
    grey = f"{writer.use('grey_within')}({image.code}, {grown})"
    latents = writer.assign(name, "latents", writer.use(function), vae.code, grey)
    grow = writer.value(name, "grow")
    return Made(latents, PaintedPart(f"{writer.use('grown_mask')}({grown}, {grow})" if grow != "0" else grown))


def told(name: str, part: object, seeds: str, silent: bool) -> dict[str, str | None]:
    """What a walk along noise levels is told of the part that it paints."""
    if not isinstance(part, PaintedPart):
        return {}
    if silent and part.fresh:
        raise CannotExportError(f"{name} draws noise for what stays, and none else, which is not written")
    return {"mask": part.mask, "kept": f"[seed + 1 for seed in {seeds}]" if part.fresh else None}


def whole(latent: Made, name: str) -> Made:
    """A latent of which no part alone is painted. Raises CannotExportError."""
    if isinstance(latent.about, PaintedPart):
        raise CannotExportError(f"{name} takes a latent of which a part is painted, which is not written")
    return latent


NOISE_MASKS: dict[str, Function] = {"noise_mask": noise_mask, "vae_encode_for_inpainting": encode_for_inpainting}
