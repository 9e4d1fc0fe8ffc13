"""Samplers: model, guidance, schedule and noise here are one node in ComfyUI, or the parts of its custom sampler."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.conditioning import UNION_KINDS
from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Outputs, Ref
from nodes.comfyui.export.guidance import DUAL, OTHERS, RULES, STYLES, GuidedModel, Middle, freed, ruled
from nodes.comfyui.export.ip_adapters import led
from nodes.comfyui.export.loaders import family_of_network
from nodes.comfyui.export.masks import opened
from nodes.comfyui.export.model_patches import is_patch, patched
from nodes.comfyui.export.models import model_with_levels
from nodes.comfyui.export.registry import exports, taken
from nodes.comfyui.export.starting import BESIDE, EMPTY, OF_FAMILIES, latent_of, seed_of
from nodes.comfyui.placeholders import CLASS
from nodes.comfyui.sampling import FORMULAS
from nodes.comfyui.sigmas import OF_MODEL, SAMPLERS

GUIDERS = ("classifier_free_guidance", "no_guidance", "inpaint")
DENOISERS = (
    "unet_denoiser",
    "flux_denoiser",
    "joint_denoiser",
    "network_denoiser",
    "flow_map_denoiser",
    "control",
    "inpainting_denoiser",
    "edit_denoiser",
)
NODES_OF = {**dict.fromkeys(("AYS SD1", "AYS SDXL", "AYS SVD"), "Align Your Steps sigmas"), "GITS": "GITS sigmas"}
"""Spacings that ComfyUI has as nodes, and only packs by a name; the nodes here."""
LEVELS = ("noise_levels", "flow_shift", "flow_shift_by_size")
KINDS = {
    "DDIM": "ddim",
    "Euler": "euler",
    "Euler ancestral": "euler_ancestral",
    "Heun": "heun",
    "DPM++ 2M": "dpmpp_2m",
    "DPM++ 2M SDE": "dpmpp_2m_sde",
    "UniPC": "uni_pc",
    "LCM": "lcm",
    "DDPM": "ddpm",
    "Flow-match Euler": "euler",
}
"""diffusers' schedulers by the samplers that walk as they do."""
OVER_MODEL = {"free_u": freed, "apply_ip_adapter": led}
"""What stands over the denoiser here and over the model there."""
NETWORK = {"unet_denoiser": "unet", **dict.fromkeys(OF_FAMILIES, "network"), **dict.fromkeys(BESIDE, "unet")}
"""What denoisers call their network, where it is no transformer."""
taken(*GUIDERS, *DENOISERS, *LEVELS, "k_sampler", "scheduler", "sigmas_schedule", "noise_stream", "gaussian_noise")


@exports("sample")
def sample(exporter: GraphExporter, name: str) -> Outputs:
    if exporter.plain(name, "batch") == "together":
        exporter.note("ComfyUI computes a batch together as a matter of course")
    schedule = exporter.node_at(name, "schedule")
    guided = _guided(exporter, exporter.node_at(name, "guider"), schedule)
    noise = exporter.node_at(name, "noise")
    latent = latent_of(exporter, name, noise, guided)
    if strength := opened(exporter, name):
        guided = guided._replace(model=exporter.shared("DifferentialDiffusion", model=guided.model, strength=strength))
    kind = exporter.kind(schedule)
    if (guided.middle is not None or guided.away is not None) and kind != "sigmas_schedule":
        raise CannotExportError("two scales, or two models, are for a sampler along sigmas in ComfyUI")
    if kind == "k_sampler":
        ref = _k_sampler(exporter, name, schedule, guided, noise, latent)
    elif kind == "scheduler":
        ref = _by_diffusers(exporter, name, schedule, guided, noise, latent)
    elif kind == "sigmas_schedule" and (spacing := _formula(exporter, schedule)):
        ref = _by_formula(exporter, schedule, spacing, guided, noise, latent)
    elif kind == "sigmas_schedule":
        plain = exporter.kept(name, CLASS) == "SamplerCustom" and guided.away is None and guided.middle is None
        custom = _plain_custom if plain and guided.negative is not None else _custom
        ref = custom(exporter, schedule, guided, noise, latent)
        return {"latent": ref, "denoised": ref.other(1)}
    else:
        raise CannotExportError(f"its schedule, {schedule}, has no counterpart in ComfyUI")
    return {"latent": ref}


def _guided(exporter: GraphExporter, guider: str, schedule: str) -> GuidedModel:
    kind = exporter.kind(guider)
    if kind == "inpaint":
        found = _guided(exporter, exporter.node_at(guider, "guider"), schedule)
        return found._replace(mask=exporter.wire(guider, "mask"))
    if kind in OTHERS:
        return OTHERS[kind](exporter, guider, lambda below: _guided(exporter, below, schedule))
    if kind not in (*GUIDERS, *RULES, DUAL):
        raise CannotExportError(f"its guidance, {guider}, has no counterpart in ComfyUI")
    alone = kind == "no_guidance"
    positive = exporter.wire(guider, "conditioning" if alone else "positive")
    negative = _unused_text(exporter) if alone else exporter.maybe(guider, "negative")
    if not alone and negative is None:
        negative = exporter.shared("ConditioningZeroOut", conditioning=positive)
        exporter.note("where no text is led away from, ComfyUI is given zeros")
    bare = positive
    scale = 1.0 if alone else exporter.value(guider, "scale")
    chain, controls, changes = exporter.node_at(guider, "denoiser"), list[str](), list[str]()
    while exporter.kind(chain) in ("control", *OVER_MODEL):
        (controls if exporter.kind(chain) == "control" else changes).insert(0, chain)
        chain = exporter.node_at(chain, "denoiser")
    model = _model(exporter, chain, schedule)
    for one in changes:
        model = OVER_MODEL[exporter.kind(one)](exporter, one, model)
    if kind in RULES:
        model = ruled(exporter, guider, model)
    elif kind == "classifier_free_guidance" and (rescale := exporter.value(guider, "rescale")):
        model = exporter.shared("RescaleCFG", model=model, multiplier=rescale)
    if exporter.kind(chain) == "flux_denoiser" or _guidance_is_set(exporter, chain):
        positive = exporter.shared("FluxGuidance", conditioning=positive, guidance=exporter.value(chain, "guidance"))
    if exporter.kind(chain) in BESIDE:
        positive, negative = _with_image(exporter, chain, positive, negative)
    family = family_of_network(exporter, chain, NETWORK.get(exporter.kind(chain), "transformer"))
    for one in controls:
        if is_patch(exporter, one, family):
            model = patched(exporter, one, model)
        else:
            positive, negative = _controlled(exporter, one, positive, negative)
    return GuidedModel(
        model,
        positive,
        negative,
        scale,
        exporter.kind(chain),
        family=family,
        middle=_middle(exporter, guider),
        bare=bare,
    )


def _middle(exporter: GraphExporter, guider: str) -> Middle | None:
    """The second text of dual guidance."""
    if exporter.kind(guider) != DUAL:
        return None
    style = STYLES[str(exporter.plain(guider, "way"))]
    return Middle(exporter.wire(guider, "middle"), exporter.value(guider, "middle_scale"), style)


def _guidance_is_set(exporter: GraphExporter, denoiser: str) -> bool:
    """Whether a network of any family is told a guidance that is not its usual one."""
    if exporter.kind(denoiser) not in ("network_denoiser", *BESIDE):
        return False
    return "guidance" in exporter.workflow.nodes[denoiser].params or exporter.source(denoiser, "guidance") is not None


def _with_image(exporter: GraphExporter, denoiser: str, positive: Ref, negative: Ref | None) -> tuple[Ref, Ref | None]:
    """Both texts with the image that the network sees, and with the mask where it is for inpainting."""
    about: dict[str, Any] = {"vae": exporter.wire(denoiser, "vae"), "pixels": exporter.wire(denoiser, "image")}
    texts = {"positive": positive, "negative": negative or positive}
    if exporter.kind(denoiser) == "inpainting_denoiser":
        about |= {"mask": exporter.wire(denoiser, "mask"), "noise_mask": False}
        ref = exporter.shared("InpaintModelConditioning", **texts, **about)
    else:
        ref = exporter.shared("InstructPixToPixConditioning", **texts, **about)
    return ref, ref.other(1) if negative else None


def _nothing(exporter: GraphExporter, guided: GuidedModel) -> Ref:
    """What is wired where nothing is led away from: zeros, which nothing is made of."""
    return exporter.shared("ConditioningZeroOut", conditioning=guided.bare or guided.positive)


def _unused_text(exporter: GraphExporter) -> Ref | None:
    """The one text that leads nothing: where there is no guidance, ComfyUI's sampler is given it all the same."""
    texts = ("clip_text_encode", "weighted_text_encode", "zero_conditioning", "edit_conditioning")
    loose = [name for name in exporter.workflow.nodes if exporter.kind(name) in texts and not exporter.consumers(name)]
    made = exporter.begin(loose[0]) if len(loose) == 1 else None
    return made["conditioning"] if made else None


def _model(exporter: GraphExporter, denoiser: str, schedule: str) -> Ref:
    kind = exporter.kind(denoiser)
    if kind not in (*EMPTY, *BESIDE):
        raise CannotExportError(f"its denoiser, {denoiser}, has no counterpart in ComfyUI")
    network = exporter.wire(denoiser, NETWORK.get(kind, "transformer"))
    trained = exporter.source(schedule, "trained")
    prediction = exporter.plain(denoiser, "prediction") if kind in ("unet_denoiser", *BESIDE) else "auto"
    of = family_of_network(exporter, denoiser, NETWORK[kind]) if kind in NETWORK else kind
    return model_with_levels(exporter, network, trained.source if trained else "", prediction, of)


def _controlled(exporter: GraphExporter, name: str, positive: Ref, negative: Ref | None) -> tuple[Ref, Ref | None]:
    net = exporter.wire(name, "controlnet")
    about: dict[str, Any] = {
        "image": exporter.wire(name, "image"),
        "vae": exporter.maybe(name, "vae"),
        "strength": exporter.value(name, "strength"),
        "start_percent": exporter.value(name, "start"),
        "end_percent": exporter.value(name, "end"),
    }
    whole = (exporter.value(name, "start"), exporter.value(name, "end")) == (0.0, 1.0)
    if not whole and exporter.plain(name, "counted") != "trained timesteps":
        exporter.note("ComfyUI counts shares of the trained timesteps, not of the steps")
    if "control_type" in exporter.workflow.nodes[name].params:
        kinds = {ours: theirs for theirs, ours in UNION_KINDS.items()}
        net = exporter.shared(
            "SetUnionControlNetType", control_net=net, type=kinds[exporter.plain(name, "control_type")]
        )
    given = {"positive": positive, "negative": negative or positive}
    mask = exporter.maybe(name, "mask")
    kind, more = ("ControlNetInpaintingAliMamaApply", {"mask": mask}) if mask else ("ControlNetApplyAdvanced", {})
    ref = exporter.add(kind, **given, control_net=net, **about, **more)
    return ref, ref.other(1) if negative else None


def _formula(exporter: GraphExporter, schedule: str) -> str:
    """What a pack calls the spacing of a schedule that starts part of the way, which no class of the core's does."""
    link = exporter.source(schedule, "sigmas")
    if link is None or set(exporter.workflow.nodes[schedule].params) - {"sampler"}:
        return ""
    params = exporter.workflow.nodes[link.source].params
    for name, (kind, values) in FORMULAS.items():
        if exporter.kind(link.source) == kind and params.get("denoise", 1.0) != 1 and values.items() <= params.items():
            return name
    return ""


def _by_formula(
    exporter: GraphExporter, schedule: str, spacing: str, guided: GuidedModel, noise: str, latent: Ref
) -> Ref:
    exporter.note(f"its spacing {spacing} is one of the pack RES4LYF")
    sigmas = exporter.node_at(schedule, "sigmas")
    seed, _ = seed_of(exporter, noise)
    texts = {"positive": guided.positive, "negative": guided.negative or guided.positive}
    about = {key: exporter.value(sigmas, key) for key in ("steps", "denoise")}
    about |= {"sampler_name": exporter.value(schedule, "sampler"), "scheduler": spacing, "seed": seed}
    return exporter.add("KSampler", model=guided.model, **texts, latent_image=latent, cfg=guided.scale, **about)


def _k_sampler(exporter: GraphExporter, name: str, schedule: str, guided: GuidedModel, noise: str, latent: Ref) -> Ref:
    exporter.need(schedule, eta=1.0, s_noise=1.0, s_churn=0.0)
    seed, added = seed_of(exporter, noise)
    sampler, spacing, steps = (exporter.value(schedule, key) for key in ("sampler", "spacing", "steps"))
    start, end, leftover = (exporter.value(schedule, key) for key in ("start_step", "end_step", "leftover_noise"))
    texts = {"positive": guided.positive, "negative": guided.negative or _nothing(exporter, guided)}
    common = {"model": guided.model, **texts, "latent_image": latent, "steps": steps, "cfg": guided.scale}
    common |= {"sampler_name": sampler, "scheduler": _of_core(spacing)}
    denoise = exporter.value(schedule, "denoise")
    denoise = _with_strength(exporter, name, denoise)
    if added and start == 0 and end == 10_000 and leftover is False:
        return exporter.add("KSampler", **common, seed=seed, denoise=denoise)
    if denoise != 1:
        raise CannotExportError("ComfyUI's sampler has either steps to begin and end at, or a strength")
    return exporter.add(
        "KSamplerAdvanced",
        **common,
        noise_seed=seed,
        add_noise="enable" if added else "disable",
        start_at_step=start,
        end_at_step=end,
        return_with_leftover_noise="enable" if leftover else "disable",
    )


def _of_core(spacing: Any) -> Any:
    """A spacing that ComfyUI's own samplers take by its name."""
    if spacing in NODES_OF:
        raise CannotExportError(
            f"the spacing {spacing} is a node of its own in ComfyUI; wire {NODES_OF[spacing]} to Sampler along sigmas"
        )
    return spacing


def _with_strength(exporter: GraphExporter, name: str, denoise: Any) -> Any:
    strength = exporter.value(name, "strength")
    if strength == 1:
        return denoise
    if denoise != 1:
        raise CannotExportError("its strength and that of its schedule are one in ComfyUI")
    exporter.note("ComfyUI makes all steps of a part of the schedule, where here the last share of the steps is made")
    return strength


def _by_diffusers(
    exporter: GraphExporter, name: str, schedule: str, guided: GuidedModel, noise: str, latent: Ref
) -> Ref:
    kind, karras = exporter.plain(schedule, "kind"), exporter.plain(schedule, "sigmas") == "Karras"
    if kind not in KINDS:
        raise CannotExportError(f"the scheduler {kind} has no counterpart in ComfyUI")
    seed, _ = seed_of(exporter, noise)
    spacing = "karras" if karras else "simple" if guided.denoiser != "unet_denoiser" else "ddim_uniform"
    if not karras:
        exporter.note(f"its noise levels are those of {spacing} in ComfyUI, which differ a little")
    return exporter.add(
        "KSampler",
        model=guided.model,
        positive=guided.positive,
        negative=guided.negative or guided.positive,
        latent_image=latent,
        seed=seed,
        steps=exporter.value(schedule, "steps"),
        cfg=guided.scale,
        sampler_name=KINDS[kind],
        scheduler=spacing,
        denoise=_with_strength(exporter, name, 1.0),
    )


def _custom(exporter: GraphExporter, schedule: str, guided: GuidedModel, noise: str, latent: Ref) -> Ref:
    seed, added = seed_of(exporter, noise)
    noised = exporter.shared("RandomNoise", noise_seed=seed) if added else exporter.shared("DisableNoise")
    if guided.middle is not None:
        texts = {"cond1": guided.positive, "cond2": guided.middle.text, "negative": guided.negative}
        scales = {"cfg_conds": guided.scale, "cfg_cond2_negative": guided.middle.scale, "style": guided.middle.style}
        guider = exporter.shared("DualCFGGuider", model=guided.model, **texts, **scales)
    elif guided.away is not None:
        texts = {"positive": guided.positive, "negative": guided.negative}
        about = {"model": guided.model, "model_negative": guided.away, "cfg": guided.scale}
        guider = exporter.shared("DualModelGuider", **about, **texts)
    elif guided.negative is None or guided.scale == 1:
        guider = exporter.shared("BasicGuider", model=guided.model, conditioning=guided.positive)
    else:
        texts = {"positive": guided.positive, "negative": guided.negative}
        guider = exporter.shared("CFGGuider", model=guided.model, **texts, cfg=guided.scale)
    sigmas = _sigmas(exporter, schedule, guided.model)
    given = {"noise": noised, "guider": guider, "sampler": _sampler(exporter, schedule), "sigmas": sigmas}
    return exporter.add("SamplerCustomAdvanced", **given, latent_image=latent)


def _plain_custom(exporter: GraphExporter, schedule: str, guided: GuidedModel, noise: str, latent: Ref) -> Ref:
    """The class that has its guider and its noise in itself."""
    seed, added = seed_of(exporter, noise)
    about = {"model": guided.model, "positive": guided.positive, "negative": guided.negative, "cfg": guided.scale}
    about |= {"sampler": _sampler(exporter, schedule), "sigmas": _sigmas(exporter, schedule, guided.model)}
    return exporter.add("SamplerCustom", **about, add_noise=added, noise_seed=seed, latent_image=latent)


def _sampler(exporter: GraphExporter, schedule: str) -> Ref:
    """The sampler by its name; with options by the class that is for it."""
    name, params = exporter.value(schedule, "sampler"), exporter.workflow.nodes[schedule].params
    options = {key: params[key] for key in ("eta", "s_noise", "solver_type", "order") if key in params}
    if not options:
        return exporter.shared("KSamplerSelect", sampler_name=name)
    kind = next(
        (kind for kind, (sampler, keys) in SAMPLERS.items() if sampler == name and options.keys() <= {*keys}), ""
    )
    if not kind:
        raise CannotExportError(f"the options of its sampler {name} have no counterpart in ComfyUI")
    keys = SAMPLERS[kind][1]
    return exporter.shared(kind, **{key: exporter.value(schedule, key) for key in keys})


def _sigmas(exporter: GraphExporter, schedule: str, model: Ref) -> Ref:
    """The levels; those that are spaced over a model take the one that is sampled by."""
    return exporter.wire(schedule, "sigmas")


BY_KIND = {ours: (theirs, names) for theirs, (ours, names) in OF_MODEL.items()}


@exports(*BY_KIND)
def sigmas_of_model(exporter: GraphExporter, name: str) -> Outputs:
    """Levels over a model: ComfyUI takes the model, here they take its trained levels."""
    kind, names = BY_KIND[exporter.kind(name)]
    link = exporter.source(name, "trained")
    if link is None:
        raise CannotExportError("nothing is wired to its trained")
    if exporter.kind(name) == "model_sigmas":
        exporter.need(name, penultimate="kept")
        _of_core(exporter.value(name, "spacing"))
    model = _model_of_levels(exporter, link.source)
    return {
        "sigmas": exporter.add(
            kind, model=model, **{theirs: exporter.value(name, ours) for ours, theirs in names.items()}
        )
    }


def _model_of_levels(exporter: GraphExporter, levels: str) -> Ref:
    """The model whose levels these are."""
    first = levels
    while exporter.kind(first) in LEVELS:
        link = exporter.source(first, "trained")
        if link is None:
            raise CannotExportError("the model of its noise levels is not known")
        first = link.source
    made = exporter.begin(first)
    if not made or "schedule" not in made:
        raise CannotExportError(f"the model of its noise levels, {first}, has no counterpart in ComfyUI")
    patched = _patched(exporter, levels)
    return patched or model_with_levels(exporter, made["schedule"], levels, "auto")


def _patched(exporter: GraphExporter, levels: str) -> Ref | None:
    """The model as it is sampled by, where a schedule takes the same levels."""
    for link in exporter.consumers(levels):
        if exporter.kind(link.target) != "sigmas_schedule":
            continue
        for taken_by in exporter.consumers(link.target):
            if exporter.kind(taken_by.target) == "sample":
                guider = exporter.node_at(taken_by.target, "guider")
                return _guided(exporter, guider, link.target).model
    return None
