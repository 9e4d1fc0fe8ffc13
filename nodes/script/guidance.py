"""Guidance: a function of x and the step that gives a prediction."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.pieces import literal
from nodes.script.schedulers import levels
from nodes.script.writer import Function, Made, Writer


def no_guidance(writer: Writer, name: str, _: str) -> Made:
    denoiser = writer.input(name, "denoiser")
    condition = writer.input(name, "conditioning").code if writer.is_wired(name, "conditioning") else "()"
    return alone(writer, name, denoiser, condition)


def alone(writer: Writer, name: str, denoiser: Made, condition: str) -> Made:
    """The denoiser's own prediction."""
    function = "unguided_with_variance" if denoiser.about.learned else "unguided"
    return Made(writer.bound(name, "", function, denoiser.code, condition), denoiser.about)


def classifier_free(writer: Writer, name: str, output: str) -> Made:
    scale, rescale = writer.value(name, "scale"), writer.value(name, "rescale")
    denoiser = writer.input(name, "denoiser")
    positive = writer.input(name, "positive").code
    if not writer.is_wired(name, "negative") or scale in ("1", "1.0"):
        return alone(writer, name, denoiser, positive)
    negative = writer.input(name, "negative").code
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
        line = writer.bound(name, "", "guided", denoiser.code, negative, positive, scale)
    return Made(line, denoiser.about)


def change_guidance(writer: Writer, name: str, _: str) -> Made:
    before, after = writer.input(name, "before"), writer.input(name, "after")
    step = literal(writer.plain(name, "step"))
    return Made(writer.bound(name, "", "changing", before.code, after.code, step), before.about)


def inpaint(writer: Writer, name: str, _: str) -> Made:
    guider, latent, mask = (writer.input(name, key) for key in ("guider", "latent", "mask"))
    if writer.plain(name, "mask_fit") == "cover":
        raise CannotExportError(f"{name} cuts its mask to the image's shape, which is not written")
    found = levels(writer, name, guider.about)
    fitted = f"{writer.use('fitted')}({mask.code}, {latent.code})"
    kind = literal(guider.about.prediction)
    return Made(writer.bound(name, "", "inpainted", guider.code, latent.code, fitted, kind, found), guider.about)


def classifier_guidance(writer: Writer, name: str, _: str) -> Made:
    denoiser, classifier, label = (writer.input(name, key) for key in ("denoiser", "classifier", "label"))
    condition = writer.input(name, "conditioning").code if writer.is_wired(name, "conditioning") else "()"
    found, kind = levels(writer, name, denoiser.about), literal(denoiser.about.prediction)
    given = denoiser.code, classifier.code, f"{label.code}[0]", condition, writer.value(name, "scale"), kind, found
    return Made(writer.bound(name, "", "towards_class", *given), denoiser.about)


def clip_guidance(writer: Writer, name: str, _: str) -> Made:
    guider, clip = writer.input(name, "guider"), writer.input(name, "clip")
    lines = (line.strip() for line in str(writer.plain(name, "text")).splitlines())
    text = f"{clip.code}.embed_texts([{literal(' '.join(line for line in lines if line))}])"
    found, kind = levels(writer, name, guider.about), literal(guider.about.prediction)
    given = guider.code, clip.code, text, writer.value(name, "scale"), kind, found
    return Made(writer.bound(name, "", "towards_text", *given), guider.about)


GUIDANCE: dict[str, Function] = {
    "no_guidance": no_guidance,
    "classifier_free_guidance": classifier_free,
    "change_guidance": change_guidance,
    "inpaint": inpaint,
    "classifier_guidance": classifier_guidance,
    "clip_guidance": clip_guidance,
}
