"""Guidance: a function of x and the step that gives a prediction."""

from __future__ import annotations

from dataclasses import replace

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import Denoises
from nodes.script.pieces import literal
from nodes.script.sigmas import seen_levels
from nodes.script.texts import SHOWN, led_away
from nodes.script.writer import Function, Made, Writer


def no_guidance(writer: Writer, name: str, _: str) -> Made:
    denoiser = writer.input(name, "denoiser")
    condition = writer.input(name, "conditioning").code if writer.is_wired(name, "conditioning") else "()"
    return alone(writer, name, denoiser, condition)


def alone(writer: Writer, name: str, denoiser: Made, condition: str) -> Made:
    """The denoiser's own prediction."""
    condition = with_images(condition, denoiser, 0)
    function = "unguided_with_variance" if denoiser.about.learned else "unguided"
    return Made(writer.bound(name, "", function, denoiser.code, condition), denoiser.about)


def classifier_free(writer: Writer, name: str, output: str) -> Made:
    scale, rescale = writer.value(name, "scale"), writer.value(name, "rescale")
    denoiser = writer.input(name, "denoiser")
    side = writer.input(name, "positive")
    positive = side.code
    if not writer.is_wired(name, "negative") or scale in ("1", "1.0"):
        return alone(writer, name, denoiser, positive)
    negative = led_away(writer, name, "negative").code
    positive, negative = with_images(positive, denoiser, 0), with_images(negative, denoiser, 1)
    if writer.is_wired(name, "scale"):
        raise CannotExportError(f"the scale of {name} comes by wire, which is not written")
    if denoiser.about.learned and rescale in ("0", "0.0"):
        line = writer.bound(name, "", "guided_with_variance", denoiser.code, negative, positive, scale)
    elif denoiser.about.learned:
        raise CannotExportError(
            f"{name} rescales the guidance of a network with a learned variance, which is not written"
        )
    elif rescale not in ("0", "0.0"):
        line = writer.bound(name, "", "rescaled", denoiser.code, negative, positive, scale, rescale)
    else:
        ask = writer.use("ask_apart") if side.about == SHOWN else None
        line = writer.bound(name, "", "guided", denoiser.code, negative, positive, scale, ask=ask)
    return Made(line, denoiser.about)


def with_images(condition: str, denoiser: Made, side: int) -> str:
    """A condition, and behind it the tokens of images that a denoiser attends to (0), or those for none (1)."""
    images = denoiser.about.images
    return f"(*{condition}, {', '.join(f'{image}[{side}]' for image in images)})" if images else condition


def _plain_guidance(writer: Writer, name: str) -> tuple[str, list[str], str | None]:
    """The node of a classifier-free guidance that is wired to another guidance, what it is made of, and how it asks."""
    link = writer.about.source(name, "guider")
    if link is None or writer.about.kind(link.source) != "classifier_free_guidance":
        raise CannotExportError(f"{name} changes another guidance than a classifier-free one, which is not written")
    source = link.source
    if writer.plain(source, "rescale") or not writer.is_wired(source, "negative") or writer.plain(source, "scale") == 1:
        raise CannotExportError(f"{name} changes a guidance that is not written together with it")
    if writer.input(source, "denoiser").about.images:
        raise CannotExportError(f"{name} changes a guidance beside images, which is not written")
    positive = writer.input(source, "positive")
    parts = [writer.input(source, "denoiser").code, led_away(writer, source, "negative").code]
    ask = writer.use("ask_apart") if positive.about == SHOWN else None
    return source, [*parts, positive.code, writer.value(source, "scale")], ask


def normalise(writer: Writer, name: str, _: str) -> Made:
    source, parts, ask = _plain_guidance(writer, name)
    denoiser = writer.input(source, "denoiser").about
    patch = writer.value(name, "patch")
    return Made(writer.bound(name, "", "normalised", *parts, patch, ask=ask), denoiser)


def skip_layers(writer: Writer, name: str, _: str) -> Made:
    source, parts, ask = _plain_guidance(writer, name)
    denoiser = writer.input(source, "denoiser").about
    blocks = str(writer.plain(name, "layers")).replace(",", " ").split()
    if ask or denoiser.network.family != "Stable Diffusion 3" or not all(block.isdigit() for block in blocks):
        raise CannotExportError(f"{name} leaves out blocks of another network than Stable Diffusion 3's")
    numbers = literal([int(block) for block in blocks])
    more = [writer.value(name, key) for key in ("scale", "start", "end")]
    return Made(writer.bound(name, "", "guided_without_blocks", *parts, denoiser.code, numbers, *more), denoiser)


def rescale(writer: Writer, name: str, _: str) -> Made:
    source, parts, ask = _plain_guidance(writer, name)
    denoiser = writer.input(source, "denoiser")
    given = writer.value(name, "share"), literal(denoiser.about.prediction)
    found = seen_levels(writer, name, denoiser.about)
    line = writer.bound(name, "", "rescaled_velocity", *parts, *given, found, ask=ask)
    return Made(line, _leveled(denoiser))


def _leveled(made: Made) -> Denoises:
    """What is known of a denoiser whose guidance reckons with noise levels."""
    return replace(made.about, leveled=True)


def change_guidance(writer: Writer, name: str, _: str) -> Made:
    before, after = writer.input(name, "before"), writer.input(name, "after")
    step = literal(writer.plain(name, "step"))
    leveled = before.about.leveled or after.about.leveled
    return Made(
        writer.bound(name, "", "changing", before.code, after.code, step), replace(before.about, leveled=leveled)
    )


def inpaint(writer: Writer, name: str, _: str) -> Made:
    guider, latent, mask = (writer.input(name, key) for key in ("guider", "latent", "mask"))
    if writer.plain(name, "mask_fit") == "cover":
        raise CannotExportError(f"{name} cuts its mask to the image's shape, which is not written")
    found = seen_levels(writer, name, guider.about)
    fitted = f"{writer.use('fitted')}({mask.code}, {latent.code})"
    kind = literal(guider.about.prediction)
    return Made(writer.bound(name, "", "inpainted", guider.code, latent.code, fitted, kind, found), _leveled(guider))


def classifier_guidance(writer: Writer, name: str, _: str) -> Made:
    denoiser, classifier, label = (writer.input(name, key) for key in ("denoiser", "classifier", "label"))
    condition = writer.input(name, "conditioning").code if writer.is_wired(name, "conditioning") else "()"
    condition = with_images(condition, denoiser, 0)
    found, kind = seen_levels(writer, name, denoiser.about), literal(denoiser.about.prediction)
    given = denoiser.code, classifier.code, f"{label.code}[0]", condition, writer.value(name, "scale"), kind, found
    return Made(writer.bound(name, "", "towards_class", *given), _leveled(denoiser))


def clip_guidance(writer: Writer, name: str, _: str) -> Made:
    guider, clip = writer.input(name, "guider"), writer.input(name, "clip")
    lines = (line.strip() for line in str(writer.plain(name, "text")).splitlines())
    text = f"{clip.code}.embed_texts([{literal(' '.join(line for line in lines if line))}])"
    found, kind = seen_levels(writer, name, guider.about), literal(guider.about.prediction)
    given = guider.code, clip.code, text, writer.value(name, "scale"), kind, found
    return Made(writer.bound(name, "", "towards_text", *given), _leveled(guider))


GUIDANCE: dict[str, Function] = {
    "no_guidance": no_guidance,
    "classifier_free_guidance": classifier_free,
    "change_guidance": change_guidance,
    "normalise_guidance": normalise,
    "rescale_guidance": rescale,
    "skip_layer_guidance": skip_layers,
    "inpaint": inpaint,
    "classifier_guidance": classifier_guidance,
    "clip_guidance": clip_guidance,
}
