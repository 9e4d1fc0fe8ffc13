"""Guiders: a model and its texts, with what ComfyUI puts on the two, as the nodes here that make one of them."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import BY_FAMILY, ImportedConditioning, ImportedGuider, Model, Over, Wire

UNSEEN = "the model does not see the image beside the latent"
SEE_NOTHING = ("FLUX.1", "FLUX.2", "FLUX.2 Klein", "Qwen-Image", "Stable Diffusion 3", "Z-Image")
"""Families whose plain networks see nothing beside the latent in ComfyUI either."""
GUESSED = "its denoiser is a U-Net's until the placeholder of its model is replaced"
ZEROS = "a text is zeros in ComfyUI; here it is what the text says"


def guided(given: Given, build: Builder, found: ImportedGuider, schedule: Wire) -> Wire:
    """The guider of a model and its texts."""
    wire = _ruled(given, build, found, denoiser_of(given, build, found, schedule), schedule)
    for over in found.model.over:
        more = {"schedule": schedule} if over.schedule else {}
        wire = build.shared(over.kind, "guidance", guider=wire, **more, **dict(over.params))
    return wire


def _ruled(given: Given, build: Builder, found: ImportedGuider, denoiser: Wire, schedule: Wire) -> Wire:
    """The guider that makes one prediction of those for the texts, with other scales in parts of the steps."""
    wire = _by_scale(given, build, found, (denoiser, schedule), found.scale)
    for one in found.model.scales:
        inside = _by_scale(given, build, found, (denoiser, schedule), one.scale)
        wire = _within(build, inside, wire, one.start, one.end)
    return wire


def _within(build: Builder, inside: Wire, outside: Wire, start: Any, end: Any) -> Wire:
    """One guider in a part of the steps, another in the others."""
    if start == 0 and end == 1:
        return inside
    return build.shared("guidance_within", "guidance", inside=inside, outside=outside, start=start, end=end)


def _by_scale(given: Given, build: Builder, found: ImportedGuider, asked: tuple[Wire, Wire], scale: Any) -> Wire:
    """``asked``: the denoiser, and the schedule along which it is asked."""
    denoiser, schedule = asked
    positive = _text(given, build, found.positive)
    if found.negative is None or (scale == 1 and found.middle is None):
        return build.shared("no_guidance", "guidance", denoiser=denoiser, conditioning=positive)
    texts = {"positive": positive, "negative": _text(given, build, found.negative)}
    if found.middle is not None:
        texts["middle"] = _text(given, build, found.middle)
        way = "one in the other" if found.nested else "side by side"
        scales = {"scale": scale, "middle_scale": found.middle_scale}
        return build.shared("dual_guidance", "guidance", denoiser=denoiser, **texts, **scales, way=way)
    if found.other is not None:
        other = denoiser_of(given, build, ImportedGuider(found.other, found.negative), schedule)
        return _away(build, (denoiser, positive), (other, texts["negative"]), scale)
    rule = found.model.rule or Over("classifier_free_guidance")
    wire = build.shared(rule.kind, "guidance", denoiser=denoiser, **texts, scale=scale, **dict(rule.params))
    weak = found.model.weakened
    if weak is not None:
        pairs = (denoiser, positive), (denoiser, texts["negative"])
        wire = _within(build, _away(build, *pairs, scale, weak.layers), wire, weak.start, weak.end)
    return wire


def _away(build: Builder, towards: tuple[Wire, Wire], off: tuple[Wire, Wire], scale: Any, layers: str = "") -> Wire:
    """Towards what one denoiser predicts for one text and away from what another one does, or the same one worse."""
    good, bad = (
        build.shared("no_guidance", "guidance", denoiser=denoiser, conditioning=text)
        for denoiser, text in (towards, off)
    )
    if layers:
        bad = build.shared("weaken_guidance", "weaker", guider=bad, layers=layers)
    return build.shared("auto_guidance", "guidance", guider=good, weak=bad, scale=scale)


def _text(given: Given, build: Builder, found: ImportedConditioning) -> Wire:
    """A text's wire; zeros in its place where it is zeroed."""
    if not found.zero:
        return found.wire
    if build.has("zero_conditioning"):
        return build.shared("zero_conditioning", "zeros", conditioning=found.wire)
    given.approximate(ZEROS)
    return found.wire


def _shown(given: Given, build: Builder, model: Model, text: ImportedConditioning) -> Wire | None:
    """The denoiser of a network that sees an image beside the latent; None where it sees none."""
    assert text.beside is not None
    vae, image, mask = text.beside
    about: dict[str, Any] = {"unet": model.network, "vae": vae, "image": image}
    if model.kind == BY_FAMILY:
        about["guidance"] = text.guidance
        if model.shown != ("inpainting" if mask is not None else "image"):
            if model.family not in SEE_NOTHING:
                given.approximate(UNSEEN)
            return None
    else:
        about["prediction"] = model.prediction or None
    if mask is not None:
        return build.shared("inpainting_denoiser", "denoiser", **about, mask=mask)
    return build.shared("edit_denoiser", "denoiser", **about)


def denoiser_of(given: Given, build: Builder, found: ImportedGuider, schedule: Wire) -> Wire:
    """The denoiser of a model with all that stands on the texts and on the model."""
    model, text = found.model, found.positive
    if model.guessed:
        given.approximate(GUESSED)
    wire = _shown(given, build, model, text) if text.beside is not None else None
    if wire is None and model.flow_map and build.has("flow_map_denoiser"):
        wire = build.shared("flow_map_denoiser", "denoiser", network=model.network, schedule=schedule)
    elif wire is None and model.kind == BY_FAMILY:
        wire = build.shared("network_denoiser", "denoiser", network=model.network, guidance=text.guidance)
    elif wire is None:
        prediction = model.prediction or None
        wire = build.shared("unet_denoiser", "denoiser", unet=model.network, prediction=prediction)
    if found.negative is not None and found.negative.controls != text.controls and found.scale != 1:
        given.approximate("the ControlNets of the positive text lead both texts")
    for one in text.controls:
        coded = model.kind == BY_FAMILY and build.accepts("control", "vae")
        about = {"vae": one.vae or build.vae} if coded else {}
        wire = build.shared(
            "control",
            "control",
            denoiser=wire,
            controlnet=one.net,
            image=one.image,
            strength=one.strength,
            start=one.start,
            end=one.end,
            control_type=one.kind or None,
            mask=one.mask,
            **about,
            counted=None if (one.start, one.end) == (0.0, 1.0) else "trained timesteps",
        )
    for over in model.denoisers:
        wire = build.shared(over.kind, over.kind, denoiser=wire, **dict(over.params))
    return wire
