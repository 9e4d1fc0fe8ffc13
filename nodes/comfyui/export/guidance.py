"""Guidance that ComfyUI puts on a model, or that is a guider of its own there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Ref
from nodes.comfyui.export.registry import taken
from nodes.comfyui.guidance import FREE_U, SECOND_STACK

RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "adaptive_projected_guidance": ("APG", {"eta": "eta", "norm_threshold": "largest"}),
    "zero_star_guidance": ("CFGZeroStar", {}),
    "tangential_guidance": ("TCFG", {}),
}
"""What stands in the place of classifier-free guidance: its class in ComfyUI, and ours for its values."""
OVER = {
    "normalise_guidance": ("CFGNorm", {"strength": ""}),
    "limit_guidance": ("CFGNorm", {"strength": "strength"}),
    "rescale_guidance": ("RescaleCFG", {"multiplier": "share"}),
    "perturbed_attention_guidance": ("PerturbedAttentionGuidance", {"scale": "scale"}),
}
"""What stands over a guider here and over the model in ComfyUI: its class, and ours for its values."""
FIXED = {"APG": {"momentum": 0.0}}
WITHIN, DUAL, LAYERS = "guidance_within", "dual_guidance", "skip_layer_guidance"
SHARES = {"start_percent": "start", "end_percent": "end"}
STYLES = {"one in the other": "nested", "side by side": "regular"}
LAYER = re.compile(rf"(?:({SECOND_STACK})\.)?(\d+)")
taken(WITHIN, DUAL, LAYERS, "auto_guidance", "weaken_guidance", "free_u", *RULES, *OVER)


class Middle(NamedTuple):
    """A second text between two, its scale, and how the three are put together."""

    text: Ref
    scale: Any
    style: str


class GuidedModel(NamedTuple):
    """What leads a sampler: model, texts, scale, and the mask of what is painted anew."""

    model: Ref
    positive: Ref
    negative: Ref | None
    scale: Any
    denoiser: str
    mask: Ref | None = None
    family: str = ""
    middle: Middle | None = None
    bare: Ref | None = None
    """The text as it was encoded."""
    away: Ref | None = None
    """Another model for what is led away from."""


Inner = Callable[[str], GuidedModel]
"""How what stands below a guider is written."""


def over(exporter: GraphExporter, guider: str, inner: Inner) -> GuidedModel:
    """A guider over another one, as a class over the model."""
    kind, values = OVER[exporter.kind(guider)]
    found = inner(exporter.node_at(guider, "guider"))
    given = {key: exporter.value(guider, value) if value else 1.0 for key, value in values.items()}
    return found._replace(model=exporter.shared(kind, model=found.model, **given))


def within(exporter: GraphExporter, guider: str, inner: Inner) -> GuidedModel:
    """A part of the steps with another scale, or with blocks left out for the negative text."""
    inside, outside = exporter.node_at(guider, "inside"), exporter.node_at(guider, "outside")
    shares = {key: exporter.value(guider, value) for key, value in SHARES.items()}
    if exporter.kind(inside) == "auto_guidance" and _is_weakened(exporter, inside):
        return _weakened(exporter, inside, inner(outside), shares)
    found, other = inner(outside), inner(inside)
    if other._replace(scale=found.scale, negative=found.negative) != found:
        raise CannotExportError("in ComfyUI another guidance within steps has another scale alone")
    model = exporter.shared("CFGOverride", model=found.model, cfg=other.scale, **shares)
    return found._replace(model=model, negative=found.negative or other.negative)


def _is_weakened(exporter: GraphExporter, guider: str) -> bool:
    """Whether what is led away from is the same model without some blocks."""
    return exporter.kind(exporter.node_at(guider, "weak")) == "weaken_guidance"


def _weakened(exporter: GraphExporter, inside: str, found: GuidedModel, shares: dict[str, Any]) -> GuidedModel:
    weak = exporter.node_at(inside, "weak")
    given = _layers(str(exporter.plain(weak, "layers")))
    return found._replace(model=exporter.shared("SkipLayerGuidanceDiTSimple", model=found.model, **given, **shares))


def away_from(exporter: GraphExporter, guider: str, inner: Inner) -> GuidedModel:
    """Away from another model, or from the same one with blocks left out for the negative text in all steps."""
    good, weak = exporter.node_at(guider, "guider"), exporter.node_at(guider, "weak")
    if not _is_weakened(exporter, guider):
        return _from_another(exporter.value(guider, "scale"), inner(good), inner(weak))
    towards, away = inner(good), inner(exporter.node_at(weak, "guider"))
    found = towards._replace(negative=away.positive, scale=exporter.value(guider, "scale"))
    return _weakened(exporter, guider, found, {"start_percent": 0.0, "end_percent": 1.0})


def _from_another(scale: Any, towards: GuidedModel, away: GuidedModel) -> GuidedModel:
    """Towards what one model says of one text, away from what another says of another."""
    if towards.middle or away.middle or towards.mask or away.mask or 1.0 not in (towards.scale, away.scale):
        raise CannotExportError("a worse model that is led away from has no counterpart in ComfyUI")
    other = None if away.model == towards.model else away.model
    return towards._replace(negative=away.positive, scale=scale, away=other)


def skipping(exporter: GraphExporter, guider: str, inner: Inner) -> GuidedModel:
    """Led away from what is predicted without some blocks."""
    found = inner(exporter.node_at(guider, "guider"))
    layers = str(exporter.plain(guider, "layers"))
    about = {"scale": exporter.value(guider, "scale")} | {
        key: exporter.value(guider, value) for key, value in SHARES.items()
    }
    if found.family == "Stable Diffusion 3" and SECOND_STACK not in layers:
        return found._replace(model=exporter.shared("SkipLayerGuidanceSD3", model=found.model, layers=layers, **about))
    given = {**_layers(layers), **about, "rescaling_scale": 0.0}
    return found._replace(model=exporter.shared("SkipLayerGuidanceDiT", model=found.model, **given))


def _layers(said: str) -> dict[str, str]:
    """The blocks of both stacks, as ComfyUI names them."""
    found = [LAYER.fullmatch(one.strip()) for one in said.split(",")]
    known = [one for one in found if one is not None]
    if len(known) != len(found):
        raise CannotExportError(f"the layers {said[:40]} are named otherwise in ComfyUI")
    stacks = {"double_layers": None, "single_layers": SECOND_STACK}
    return {key: ", ".join(one[2] for one in known if one[1] == stack) for key, stack in stacks.items()}


def freed(exporter: GraphExporter, denoiser: str, model: Ref) -> Ref:
    """FreeU, which stands over the denoiser here and over the model there."""
    kind = "FreeU_V2" if exporter.plain(denoiser, "version") == "2" else "FreeU"
    return exporter.shared(
        kind, model=model, **{theirs: exporter.value(denoiser, ours) for ours, theirs in FREE_U.items()}
    )


def ruled(exporter: GraphExporter, guider: str, model: Ref) -> Ref:
    """A rule in the place of classifier-free guidance, as a class over the model."""
    kind, values = RULES[exporter.kind(guider)]
    if kind == "CFGZeroStar":
        exporter.need(guider, zero_steps=0)
    given = {key: exporter.value(guider, value) for key, value in values.items()}
    return exporter.shared(kind, model=model, **given, **FIXED.get(kind, {}))


OTHERS: dict[str, Callable[[GraphExporter, str, Inner], GuidedModel]] = {
    **dict.fromkeys(OVER, over),
    WITHIN: within,
    "auto_guidance": away_from,
    LAYERS: skipping,
}
"""How guiders are written that stand over others."""
